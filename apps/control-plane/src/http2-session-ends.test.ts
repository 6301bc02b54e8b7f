// When a connection of HTTP/2 ends that its client does not end, on a clock that the test moves.
import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ServedResponse } from '@berth/apiserver';
import { SimulatedClock } from '@berth/telemetry/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Http2Sessions } from './http2-sessions.ts';

/** Until a quiet connection is asked whether it answers; Node measures it. */
const idleMs = 200;
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** RFC 9113, section 4.1: no settings, and `GET /` on stream 1 by the static table of RFC 7541. */
const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
const get = Buffer.from([0, 0, 6, 1, 5, 0, 0, 0, 1, 0x82, 0x87, 0x84, 0x41, 1, 0x78]);
const pingType = 6;

let clock: SimulatedClock;
let server: Server;
let sessions: Http2Sessions;
let asked: PromiseWithResolvers<ServedResponse>;

beforeEach(async () => {
  clock = new SimulatedClock(0);
  asked = Promise.withResolvers();
  sessions = new Http2Sessions({
    clock,
    idleMs,
    handle: (_request, response) => {
      response.on('error', () => undefined);
      asked.resolve(response);
    },
    refuse: (response) => response.writeHead(431).end(),
  });
  // Without TLS, which says nothing here.
  server = createServer((socket) => sessions.accept(socket as TLSSocket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
});

const port = () => (server.address() as AddressInfo).port;

/** With a request that is not answered. */
async function quietClient(): Promise<{ socket: Socket; pinged: Promise<void> }> {
  const socket = dial(port(), '127.0.0.1');
  const pinged = Promise.withResolvers<void>();
  let received = Buffer.alloc(0);
  socket
    .on('error', () => undefined)
    .on('data', (data) => {
      received = Buffer.concat([received, data]);
      while (received.length >= 9 && received.length >= 9 + received.readUIntBE(0, 3)) {
        if (received[3] === pingType) pinged.resolve();
        received = received.subarray(9 + received.readUIntBE(0, 3));
      }
    });
  socket.write(Buffer.concat([Buffer.from(preface), settings, get]));
  await asked.promise;
  return { socket, pinged: pinged.promise };
}

async function client(): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port()}`);
  session
    .request({ ':path': '/' })
    .on('error', () => undefined)
    .resume();
  await asked.promise;
  return session;
}

test('one that does not answer a ping is hung up on, not before it had its time', async () => {
  const { socket, pinged } = await quietClient();
  await pinged;
  await clock.advance(14_000);
  expect(socket.closed).toBe(false);
  expect((await asked.promise).destroyed).toBe(false);
  const closed = once(socket, 'close');
  await clock.advance(2_000);
  await closed;
  expect((await asked.promise).destroyed).toBe(true);
}, 30_000);

test('one that answers pings stays, however long its request takes', async () => {
  const session = await client();
  let pings = 0;
  const twice = new Promise<void>((resolve) => session.on('ping', () => ++pings === 2 && resolve()));
  await twice;
  // Of the answers to both, the server knows once it has answered one from here.
  await new Promise((resolve) => session.ping(resolve));
  await clock.advance(60_000);
  expect(session.destroyed).toBe(false);
  const closed = once(session, 'close');
  (await asked.promise).end();
  session.close();
  await closed;
}, 30_000);

test('a stop waits for what is under way, and no longer than it may take', async () => {
  const session = await client();
  const goodbye = once(session, 'goaway');
  let isStopped = false;
  const stopped = sessions.stop().then(() => {
    isStopped = true;
  });
  await goodbye;
  await clock.advance(9_000);
  expect(isStopped).toBe(false);
  await clock.advance(2_000);
  await stopped;
  expect((await asked.promise).destroyed).toBe(true);
}, 30_000);

test('a stop is over when what was under way is answered', async () => {
  const session = await client();
  const goodbye = once(session, 'goaway');
  const stopped = sessions.stop();
  await goodbye;
  (await asked.promise).end('done');
  await stopped;
}, 30_000);
