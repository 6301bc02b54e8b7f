import { expect, test } from 'vitest';
import { channels, framed } from '../model/terminal/channels.ts';
import type { TerminalTarget } from '../model/terminal/terminal-target.ts';
import { PodTerminal } from './pod-terminal.ts';

const target: TerminalTarget = { namespace: 'a', pod: 'p', container: 'c', mode: 'exec', command: ['sh'], tty: true, stdin: true };

/** A WebSocket that a test speaks for. */
class FakeSocket {
  binaryType = '';
  bufferedAmount = 0;
  readyState: number = WebSocket.CONNECTING;
  sent: Uint8Array[] = [];
  closedWith: number | undefined;
  onopen: () => void = () => undefined;
  onmessage: (event: { data: unknown }) => void = () => undefined;
  onclose: (event: { code: number; reason: string }) => void = () => undefined;

  open() {
    this.readyState = WebSocket.OPEN;
    this.onopen();
  }
  says(channel: number, data: string | Uint8Array) {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    this.onmessage({ data: framed(channel, bytes).buffer });
  }
  send(message: Uint8Array) {
    this.sent.push(message);
  }
  close(code: number) {
    this.closedWith = code;
  }
}

function opened() {
  const socket = new FakeSocket();
  const told: string[] = [];
  const drawings: (() => void)[] = [];
  const ended = Promise.withResolvers<string>();
  const api = { openSocket: () => socket as unknown as WebSocket, refusal: async () => 'pods "p" is forbidden' };
  const terminal = new PodTerminal(api, target, {
    opened: () => told.push('opened'),
    output: (data, drawn) => {
      told.push(data.length > 200 ? `${data.length} bytes` : new TextDecoder().decode(data));
      drawings.push(drawn);
    },
    ended: ({ text }) => ended.resolve(text),
  });
  return { socket, terminal, told, drawings, ended: ended.promise };
}

test('what is written is shown, and the last word says how it ended', async () => {
  const { socket, told, ended } = opened();
  socket.open();
  socket.says(channels.stdout, '');
  socket.says(channels.stdout, 'out');
  socket.says(channels.stderr, 'err');
  socket.says(9, 'unknown');
  socket.onmessage({ data: 'no bytes' });
  socket.says(channels.error, '{"status":"Success"}');
  socket.onclose({ code: 1000, reason: '' });
  expect(await ended).toBe('Ended with exit code 0.');
  expect(told).toEqual(['opened', 'out', 'err']);
});

test('one that never opened says why, one that broke says so, and one that was left says nothing', async () => {
  const refused = opened();
  refused.socket.onclose({ code: 1006, reason: '' });
  expect(await refused.ended).toBe('pods "p" is forbidden');
  const broken = opened();
  broken.socket.open();
  broken.socket.onclose({ code: 1006, reason: '' });
  expect(await broken.ended).toContain('The connection broke');
  const left = opened();
  left.socket.open();
  left.terminal.stop();
  left.socket.says(channels.stdout, 'late');
  left.socket.onclose({ code: 1000, reason: '' });
  expect(left.socket.closedWith).toBe(1000);
  expect(left.told).toEqual(['opened']);
});

test('what is typed before it is open, or is too much at once, is not sent', () => {
  const { socket, terminal } = opened();
  const typed = new TextEncoder().encode('ls\n');
  expect(terminal.type(typed)).toBe(false);
  socket.open();
  expect(terminal.type(typed)).toBe(true);
  socket.bufferedAmount = 4 * 1024 * 1024;
  expect(terminal.type(typed)).toBe(false);
  expect(socket.sent).toEqual([framed(channels.stdin, typed)]);
});

test('output that comes faster than it is drawn is left out, and that is said', () => {
  const { socket, told, drawings } = opened();
  socket.open();
  const much = new Uint8Array(5 * 1024 * 1024);
  socket.says(channels.stdout, much);
  socket.says(channels.stdout, much);
  socket.says(channels.stdout, 'end');
  expect(told).toEqual(['opened', `${much.length} bytes`, 'end']);
  for (const drawn of drawings.splice(0)) drawn();
  expect(told.at(-1)).toContain(`${much.length} bytes came faster`);
  socket.says(channels.stdout, much);
  expect(told.at(-1)).toBe(`${much.length} bytes`);
});
