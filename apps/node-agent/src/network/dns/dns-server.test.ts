import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Service } from '@berth/api';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import dnsPacket, { type Answer, type DecodedPacket, type Packet, type Question } from 'dns-packet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DnsServer } from './dns-server.ts';
import { Upstream } from './upstream.ts';
import { buildZone } from './zone.ts';

const address = '127.0.0.1';
const port = 20_053;
const silentPort = 20_063;
const many = Array.from({ length: 60 }, (_, index) => `10.244.1.${index + 1}`);
const web: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { clusterIP: '10.96.0.5' },
};
const big: Service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'big', namespace: 'default' }, spec: { clusterIP: 'None' } };
const zone = buildZone(
  'cluster.local',
  [web, big],
  [
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'big-x', namespace: 'default', labels: { 'kubernetes.io/service-name': 'big' } },
      addressType: 'IPv4',
      endpoints: many.map((each) => ({ addresses: [each], conditions: { ready: true } })),
    },
  ],
);
const server = new DnsServer({
  address,
  port,
  zone: () => zone,
  upstream: new Upstream([], systemClock),
  clock: systemClock,
  logger: silentLogger,
});

beforeAll(() => server.start());
afterAll(() => server.stop());

function query(name: string, id = 7): Buffer {
  return dnsPacket.encode({ type: 'query', id, flags: dnsPacket.RECURSION_DESIRED, questions: [{ type: 'A', name }] });
}

/** What the package decodes beyond what its types say. */
type Reply = DecodedPacket & { rcode?: string };

/** Asks again, as resolvers do, when a packet was lost. */
function askUdp(packet: Buffer): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const send = () => socket.send(packet, port, address);
    const again = setInterval(send, 200);
    socket.once('error', reject);
    socket.once('message', (reply) => {
      clearInterval(again);
      socket.close();
      resolve(dnsPacket.decode(reply));
    });
    send();
  });
}

test('answers over UDP, tells what does not exist, and fails what it cannot forward', async () => {
  const found = await askUdp(query('web.default.svc.cluster.local', 99));
  expect([found.id, found.answers?.[0]]).toMatchObject([99, { type: 'A', data: '10.96.0.5' }]);
  expect((await askUdp(query('no.default.svc.cluster.local'))).rcode).toBe('NXDOMAIN');
  expect((await askUdp(query('example.com'))).rcode).toBe('SERVFAIL');
});

test('cuts what is too long for UDP, and gives it in full over TCP', async () => {
  const cut = await askUdp(query('big.default.svc.cluster.local'));
  expect(cut.flag_tc).toBe(true);
  // Each record is 45 bytes, beside 47 of head and question.
  expect(cut.answers).toHaveLength(10);
  const whole = await new Promise<Packet>((resolve, reject) => {
    const socket = connect(port, address);
    let received = Buffer.alloc(0);
    socket.once('error', reject);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      socket.destroy();
      resolve(dnsPacket.streamDecode(received));
    });
    socket.write(dnsPacket.streamEncode({ type: 'query', id: 1, questions: [{ type: 'A', name: 'big.default.svc.cluster.local' }] }));
  });
  expect(whole.answers).toHaveLength(60);
});

test('takes more over UDP from who says so, in kind', async () => {
  const edns: Answer = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 4_096,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  const question: Question = { type: 'A', name: 'big.default.svc.cluster.local' };
  const reply = await askUdp(dnsPacket.encode({ type: 'query', id: 3, questions: [question], additionals: [edns] }));
  expect([reply.answers?.length, reply.flag_tc, reply.additionals?.[0]?.type]).toEqual([60, false, 'OPT']);
  const plain = await askUdp(query('web.default.svc.cluster.local'));
  expect(plain.additionals).toEqual([]);
});

test('survives a thousand packets of garbage', async () => {
  const random = seededRandom(5);
  const socket = createSocket('udp4');
  const valid = query('web.default.svc.cluster.local');
  for (let round = 0; round < 1_000; round++) {
    const packet = Buffer.from(round % 2 ? valid : Buffer.from(Array.from({ length: random.int(80) }, () => random.int(256))));
    if (packet.length > 0) packet[random.int(packet.length)] = random.int(256);
    await new Promise((resolve) => socket.send(packet, port, address, resolve));
  }
  socket.close();
  expect((await askUdp(valid)).answers).toHaveLength(1);
});

test('a client has so many questions out elsewhere and no more, and others are served', async () => {
  // Nobody there answers.
  const silent = createSocket('udp4');
  await new Promise<void>((resolve) => silent.bind(silentPort, address, resolve));
  const forwarded = new Promise<void>((resolve) => {
    let count = 0;
    silent.on('message', () => ++count === 100 && resolve());
  });
  const upstream = new Upstream([address], systemClock, silentPort);
  const busy = new DnsServer({ address: '127.0.0.3', port, zone: () => zone, upstream, clock: systemClock, logger: silentLogger });
  await busy.start();
  const [greedy, other] = [createSocket('udp4'), createSocket('udp4')];
  try {
    await Promise.all([
      new Promise<void>((resolve) => greedy.bind(0, address, resolve)),
      new Promise<void>((resolve) => other.bind(0, '127.0.0.2', resolve)),
    ]);
    const ask = (socket: UdpSocket, name: string) => socket.send(query(name), port, '127.0.0.3');
    for (let index = 0; index < 100; index++) ask(greedy, 'far.example');
    await forwarded;
    const refused = once(greedy, 'message');
    ask(greedy, 'more.example');
    expect(dnsPacket.decode((await refused)[0])).toMatchObject({ rcode: 'SERVFAIL', questions: [{ name: 'more.example' }] });
    const seen = once(silent, 'message');
    ask(other, 'other.example');
    expect(dnsPacket.decode((await seen)[0])).toMatchObject({ questions: [{ name: 'other.example' }] });
  } finally {
    for (const socket of [silent, greedy, other]) socket.close();
    await busy.stop();
  }
});
