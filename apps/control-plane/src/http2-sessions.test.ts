// What no well-behaved client sends: floods of each sort, and bodies that are cut off. Frames are written by hand.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';

import { connect as connectHttp2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import type { ServedRequest } from '@berth/apiserver';
import { CertificateAuthority } from '@berth/pki';
import { systemClock } from '@berth/telemetry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Http2Sessions } from './http2-sessions.ts';

const idleMs = 1_000;
let directory: string;
let authority: CertificateAuthority;
let server: Server;
let sessions: Http2Sessions;
/** From when on a body of `/late` is read. */
const late = Promise.withResolvers<void>();
/** What each request came to. */
let bodies: Promise<string>[];
/** Requests that are neither answered nor called off. */
let open = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-http2-'));
  authority = await CertificateAuthority.open(directory, systemClock);
  const { key, certificate: cert } = await authority.issueServing('api', ['localhost']);
  bodies = [];
  sessions = new Http2Sessions({
    clock: systemClock,
    idleMs,
    handle: (request, response) => {
      open += 1;
      response
        .on('error', () => undefined)
        .once('close', () => {
          open -= 1;
        });
      bodies.push(request.url === '/late' ? late.promise.then(() => bodyOf(request)) : bodyOf(request));
      if (request.url !== '/held' && request.url !== '/late') response.end('hello');
    },
    refuse: (response) => response.writeHead(431).end(),
  });
  server = createServer({ key, cert, ALPNProtocols: ['h2'] }, (socket: TLSSocket) => sessions.accept(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  await sessions.stop();
  server.close();
  await rm(directory, { recursive: true });
});

function bodyOf(request: ServedRequest): Promise<string> {
  let text = '';
  return new Promise((resolve) => {
    request.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    request.on('end', () => resolve(text)).on('error', (error: NodeJS.ErrnoException) => resolve(`cut off: ${error.code}`));
  });
}

/** RFC 9113, section 4.1. */
function frame(type: number, flags: number, streamId: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

const types = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, continuation: 9 };
const preface = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(types.settings, 0, 0)]);
/** `:scheme: https`, then the rest by the static table of RFC 7541, appendix A, with literal values. */
const [get, post] = [0x82, 0x83];
const head = (method: number, path = '/') =>
  Buffer.concat([Buffer.from([method, 0x87, 0x44, path.length]), Buffer.from(path), Buffer.from([0x41, 1]), Buffer.from('x')]);
const endOfHead = 4;
const endOfStream = 1;
const reset = (streamId: number, code: number) => frame(types.reset, 0, streamId, Buffer.from([0, 0, 0, code]));

async function dial(): Promise<TLSSocket> {
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: authority.pem, ALPNProtocols: ['h2'] });
  socket.on('error', () => undefined).resume();
  await once(socket, 'secureConnect');
  expect(socket.alpnProtocol).toBe('h2');
  socket.write(preface);
  return socket;
}

/** Resolves when the server has hung up. */
async function flood(piece: (index: number) => Buffer, pieces: number): Promise<void> {
  const socket = await dial();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  for (let index = 0; index < pieces && socket.writable; index++) {
    if (!socket.write(piece(index))) await Promise.race([once(socket, 'drain').catch(() => undefined), closed]);
  }
  await closed;
}

async function answered(): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const client = connectHttp2(`https://127.0.0.1:${port}`, { ca: authority.pem, servername: 'localhost' });
  const stream = client.request({ ':path': '/' });
  let text = '';
  for await (const chunk of stream) text += chunk;
  client.close();
  return text;
}

test.each<[string, (index: number) => Buffer, number]>([
  [
    'streams that are called off at once (CVE-2023-44487)',
    (index) => Buffer.concat([frame(types.headers, 5, index * 2 + 1, head(get)), reset(index * 2 + 1, 8)]),
    20_000,
  ],
  [
    'a head that does not end (CVE-2024-28182)',
    (index) => (index === 0 ? frame(types.headers, 0, 1, head(get)) : frame(types.continuation, 0, 1)),
    20_000,
  ],
  ['pings', () => frame(types.ping, 0, 0, Buffer.alloc(8)), 20_000],
  ['settings', () => frame(types.settings, 0, 0, Buffer.from([0, 4, 0, 1, 0, 0])), 20_000],
  ['streams with even numbers', () => frame(types.headers, 5, 2, head(get)), 20_000],
  ['no HTTP/2 at all', () => Buffer.from('GET / HTTP/1.1\r\n\r\n'), 1],
  ['a preface and nothing else', () => Buffer.alloc(0), 0],
])(
  '%s: the connection is closed, nothing is left open, and others are served',
  async (_, piece, pieces) => {
    await flood(piece, pieces);
    expect(await answered()).toBe('hello');
    await expect.poll(() => open, { timeout: 10_000 }).toBe(0);
  },
  60_000,
);

test('what is open on a connection that is flooded ends with it', async () => {
  const held = (index: number) => frame(types.headers, endOfHead | endOfStream, index * 2 + 1, head(get, '/held'));
  await flood((index) => (index < 50 ? held(index) : Buffer.concat([held(index), reset(index * 2 + 1, 8)])), 20_000);
  await expect.poll(() => open, { timeout: 10_000 }).toBe(0);
}, 60_000);

test.each([
  ['called off', 8],
  ['reset without an error', 0],
])(
  'a body that is %s in its middle is not taken for a whole one',
  async (_, code) => {
    const socket = await dial();
    const before = bodies.length;
    socket.write(Buffer.concat([frame(types.headers, endOfHead, 1, head(post, '/held')), frame(types.data, 0, 1, Buffer.from('a: 1\n'))]));
    await expect.poll(() => bodies.length, { timeout: 10_000 }).toBe(before + 1);
    socket.write(reset(1, code));
    expect(await bodies[before]).toBe('cut off: ECONNRESET');
    socket.destroy();
  },
  30_000,
);

test('a whole body is', async () => {
  const socket = await dial();
  const before = bodies.length;
  socket.write(Buffer.concat([frame(types.headers, endOfHead, 1, head(post)), frame(types.data, endOfStream, 1, Buffer.from('a: 1\n'))]));
  await expect.poll(() => bodies.length, { timeout: 10_000 }).toBe(before + 1);
  expect(await bodies[before]).toBe('a: 1\n');
  socket.destroy();
});

test('an empty body that has ended before anybody reads it ends', async () => {
  const socket = await dial();
  const before = bodies.length;
  const empty = [frame(types.headers, endOfHead, 1, head(post, '/late')), frame(types.data, endOfStream, 1)];
  // Frames are taken in order: once the second request is there, the first one's body has ended.
  socket.write(Buffer.concat([...empty, frame(types.headers, endOfHead | endOfStream, 3, head(get))]));
  await expect.poll(() => bodies.length, { timeout: 10_000 }).toBe(before + 2);
  late.resolve();
  expect(await bodies[before]).toBe('');
  socket.destroy();
});
