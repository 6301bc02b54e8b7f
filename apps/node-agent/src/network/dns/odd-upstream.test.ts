import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { seededRandom, systemClock } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import dnsPacket, { type Packet } from 'dns-packet';
import { afterEach, expect, test } from 'vitest';
import { refused } from './messages.ts';
import { Upstream } from './upstream.ts';

const port = 20_062;
const [first, second] = ['127.0.0.1', '127.0.0.2'];
const query = dnsPacket.encode({ type: 'query', id: 7, questions: [{ type: 'A', name: 'far.example' }] });
const good = (more: Packet = {}) =>
  dnsPacket.encode({
    type: 'response',
    id: 7,
    questions: [{ type: 'A', name: 'far.example' }],
    answers: [{ type: 'A', name: 'far.example', data: '198.51.100.7' }],
    ...more,
  });

const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) await new Promise<void>((resolve) => socket.close(() => resolve()));
});

/** A server that sends these for each question. @returns how often it was asked */
async function serve(address: string, replies: (query: Buffer) => Buffer[]): Promise<() => number> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  let asked = 0;
  socket.on('message', (message: Buffer, peer: RemoteInfo) => {
    asked++;
    for (const reply of replies(message)) socket.send(reply, peer.port, peer.address);
  });
  await new Promise<void>((resolve) => socket.bind(port, address, resolve));
  return () => asked;
}

const addresses = (reply: Buffer | undefined) =>
  reply && dnsPacket.decode(reply).answers?.map((record) => ('data' in record ? record.data : undefined));

test('a server that refuses is asked first, and another one answers; from then on that one is asked first', async () => {
  const refusals = await serve(first, (message) => [refused(message, 5)]);
  await serve(second, () => [good()]);
  const upstream = new Upstream([first, second], systemClock, port);
  for (let round = 0; round < 3; round++) expect(addresses(await upstream.ask(query, 'udp'))).toEqual(['198.51.100.7']);
  expect(refusals()).toBe(1);
});

test('where all refuse, the first refusal is the answer', async () => {
  await serve(first, (message) => [refused(message, 2)]);
  await serve(second, (message) => [refused(message, 5)]);
  const reply = await new Upstream([first, second], systemClock, port).ask(query, 'udp');
  expect(reply && dnsPacket.decode(reply)).toMatchObject({ rcode: 'SERVFAIL' });
});

test('what is no reply to the question is not taken for one, and the reply behind it is', async () => {
  const random = seededRandom(3);
  const garbage = Array.from({ length: 50 }, () => Buffer.from(Array.from({ length: random.int(60) }, () => random.int(256))));
  const others = [good({ id: 8 }), good({ questions: [{ type: 'A', name: 'evil.example' }] }), Buffer.alloc(0), ...garbage];
  await serve(first, (message) => [message, ...others, good()]);
  expect(addresses(await new Upstream([first], systemClock, port).ask(query, 'udp'))).toEqual(['198.51.100.7']);
});

test('a server that is silent costs its time once', async () => {
  const silent = await serve(first, () => []);
  await serve(second, () => [good()]);
  const upstream = new Upstream([first, second], systemClock, port);
  for (let round = 0; round < 3; round++) expect(addresses(await upstream.ask(query, 'udp'))).toEqual(['198.51.100.7']);
  expect(silent()).toBe(1);
});

test('where three are silent, those behind them are asked next', async () => {
  const far = '127.0.0.5';
  const silent = ['127.0.0.6', '127.0.0.7', '127.0.0.8'];
  for (const address of silent) await serve(address, () => []);
  await serve(far, () => [good()]);
  const clock = new SimulatedClock();
  const upstream = new Upstream([...silent, far], clock, port);
  const first = upstream.ask(query, 'udp');
  for (let tries = 0; tries < silent.length; tries++) await clock.advance(2_000);
  expect(await first).toBeUndefined();
  expect(addresses(await upstream.ask(query, 'udp'))).toEqual(['198.51.100.7']);
});
