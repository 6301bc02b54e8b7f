// Joins a tunnel with a process's streams or with one byte stream, in both directions, at the pace of the slower side.
import type { Duplex, Readable, Writable } from 'node:stream';
import { type Tunnel, writeDrained } from '@berth/protocol';
import type { ExecSession } from '@berth/runtime';

/** Resolves when the process has ended and its output was sent, or when the other side went away. */
export async function joinExecSession(tunnel: Tunnel, session: ExecSession): Promise<void> {
  receive(tunnel, session.stdin);
  tunnel.onResize((width, height) => session.resize(width, height));
  void tunnel.finished.then(() => session.close());
  const outputs = [
    session.stdout ? pump(session.stdout, (data) => tunnel.send('stdout', data)) : undefined,
    session.stderr ? pump(session.stderr, (data) => tunnel.send('stderr', data)) : undefined,
  ];
  const [exitCode] = await Promise.all([session.exit, ...outputs]);
  tunnel.finish(exitCode);
}

export async function joinByteStream(tunnel: Tunnel, stream: Duplex): Promise<void> {
  receive(tunnel, stream);
  void tunnel.finished.then(() => stream.destroy());
  await pump(stream, (data) => tunnel.send('stdout', data));
  tunnel.finish(0);
}

/** What comes in goes to `target`; its end ends it. A closed target swallows the rest, as a closed pipe would. */
function receive(tunnel: Tunnel, target: Writable | undefined): void {
  target?.on('error', (error) => target.destroy(error));
  tunnel.onData((_channel, data) => target && writeDrained(target, data));
  tunnel.onEnd(() => {
    if (target?.writable) target.end();
  });
}

async function pump(source: Readable, send: (data: Uint8Array) => Promise<void>): Promise<void> {
  for await (const chunk of source) await send(chunk);
}
