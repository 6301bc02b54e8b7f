// What the runtime's streaming server does at an awkward moment ends the session at worst, and has an owner: nothing of it may reach
// the process, which Node ends over an error that nobody listens to.
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SpdySession, type SpdyStream } from '@berth/protocol/spdy';
import { type Clock, systemClock } from '@berth/telemetry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openExec, openPortForward, StreamingError } from './streaming.ts';

let server: Server | undefined;
let unowned: unknown[];
const note = (error: unknown) => void unowned.push(error);

beforeEach(() => {
  unowned = [];
  process.on('uncaughtException', note).on('unhandledRejection', note);
});
afterEach(() => {
  process.off('uncaughtException', note).off('unhandledRejection', note);
  server?.close();
  server?.closeAllConnections();
});

interface Runtime {
  url: string;
  /** The runtime's end of the connection, and of each stream by its type. */
  socket: Promise<Duplex>;
  stream(type: string): Promise<SpdyStream>;
}

async function runtime(): Promise<Runtime> {
  const connected = Promise.withResolvers<Duplex>();
  const streams = new Map<string, PromiseWithResolvers<SpdyStream>>();
  const expected = (type: string) => {
    const known = streams.get(type) ?? Promise.withResolvers<SpdyStream>();
    streams.set(type, known);
    return known;
  };
  server = createServer().on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n');
    const onStream = (stream: SpdyStream) => {
      stream.on('error', () => undefined);
      expected(stream.headers.streamtype ?? '').resolve(stream);
    };
    new SpdySession(socket, { role: 'server', peerGrantsWindows: false, onStream });
    connected.resolve(socket);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, socket: connected.promise, stream: (type) => expected(type).promise };
}

/** Nothing but the runtime says how opening ends. */
const patient: Clock = { ...systemClock, sleep: () => new Promise(() => undefined) };
/** The runtime has nothing to say. */
const hasty: Clock = { ...systemClock, sleep: async () => undefined };
const closed = (data: Duplex) => new Promise((resolve) => data.once('close', resolve));
const settled = async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
};

test('a port-forward whose connection is lost while it is opened is refused', async () => {
  const { url, socket, stream } = await runtime();
  const opening = openPortForward(url, 80, patient);
  await stream('data');
  (await socket).destroy();
  await expect(opening).rejects.toThrow(StreamingError);
  await settled();
  expect(unowned).toEqual([]);
});

test('a port-forward whose data is reset while it is opened is refused', async () => {
  const { url, stream } = await runtime();
  const opening = openPortForward(url, 80, patient);
  (await stream('data')).destroy();
  await expect(opening).rejects.toThrow('reset');
  await settled();
  expect(unowned).toEqual([]);
});

test('a port-forward that breaks before anybody reads from it is found destroyed', async () => {
  const { url, socket } = await runtime();
  const data = await openPortForward(url, 80, hasty);
  (await socket).destroy();
  await closed(data);
  await settled();
  expect(data.errored).toBeInstanceOf(Error);
  expect(unowned).toEqual([]);
});

test('a refusal that comes late destroys a port-forward, with what the runtime said', async () => {
  const { url, stream } = await runtime();
  const data = await openPortForward(url, 80, hasty);
  (await stream('error')).end('connection refused');
  await closed(data);
  await settled();
  expect(data.errored?.message).toBe('connection refused');
  expect(unowned).toEqual([]);
});

test('a refusal without an end is read up to a limit', async () => {
  const { url, stream } = await runtime();
  const opening = openPortForward(url, 80, patient);
  (await stream('error')).write(Buffer.alloc(100_000, 'x'));
  await expect(opening).rejects.toThrow(/^x{65536}$/);
  await settled();
  expect(unowned).toEqual([]);
});

test('a terminal may be resized in the moment in which its connection is lost', async () => {
  const { url, socket, stream } = await runtime();
  const session = await openExec(url, { stdin: true, stdout: true, stderr: false, tty: true }, true);
  await stream('resize');
  session.stdin?.once('finish', () => session.resize(80, 24));
  (await socket).destroy();
  await expect(session.exit).rejects.toThrow(StreamingError);
  await settled();
  expect(unowned).toEqual([]);
});

test('a command without input sends nothing once it has begun: the runtime may be gone, and its last word with it', async () => {
  const { url, socket, stream } = await runtime();
  const session = await openExec(url, { stdin: false, stdout: true, stderr: true, tty: false }, true);
  await stream('stderr');
  const { bytesRead } = (await socket) as Socket;
  for (const type of ['stdout', 'stderr']) (await stream(type)).end();
  (await stream('error')).end('{"status":"Success"}');
  expect(await session.exit).toBe(0);
  await settled();
  expect(((await socket) as Socket).bytesRead).toBe(bytesRead);
  session.close();
});

test('sizes that the runtime does not take become one: the newest', async () => {
  const { url, stream } = await runtime();
  const session = await openExec(url, { stdin: false, stdout: true, stderr: false, tty: true }, true);
  const resize = await stream('resize');
  for (let width = 1; width <= 300_000; width++) session.resize(width, 1);
  let text = '';
  for await (const chunk of resize) {
    text += chunk;
    if (text.includes('"Width":300000,')) break;
  }
  expect(text.length).toBeLessThan(200_000);
  session.close();
});
