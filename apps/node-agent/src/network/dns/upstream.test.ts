import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import type { EndpointSlice, Service } from '@berth/api';
import { silentLogger, systemClock } from '@berth/telemetry';
import dnsPacket, { type RecordType } from 'dns-packet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DnsServer } from './dns-server.ts';
import { Upstream } from './upstream.ts';
import { buildZone } from './zone.ts';

const address = '127.0.0.1';
const [upstreamPort, port, slowPort, stoppedPort] = [20_055, 20_056, 20_057, 20_058];
/** Fails at once: nobody may send there. */
const unreachable = '255.255.255.255';

const service = (name: string, spec: Service['spec']): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'ns' },
  spec,
});
const many: EndpointSlice = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'big-x', namespace: 'ns', labels: { 'kubernetes.io/service-name': 'big' } },
  addressType: 'IPv4',
  endpoints: [{ addresses: Array.from({ length: 60 }, (_, index) => `198.51.100.${index + 1}`) }],
};

// The world beyond the cluster is a name server for another domain.
const world = buildZone('example', [service('far', { clusterIP: '198.51.100.7' }), service('big', { clusterIP: 'None' })], [many]);
const cluster = buildZone(
  'cluster.local',
  [
    service('alias', { type: 'ExternalName', externalName: 'far.ns.svc.example' }),
    service('lost', { type: 'ExternalName', externalName: 'no.ns.svc.example' }),
    service('long', { type: 'ExternalName', externalName: 'big.ns.svc.example' }),
  ],
  [],
);
const upstream = new Upstream([unreachable, address], systemClock, upstreamPort);
const servers = [
  new DnsServer({
    address,
    port: upstreamPort,
    zone: () => world,
    upstream: new Upstream([], systemClock),
    clock: systemClock,
    logger: silentLogger,
  }),
  new DnsServer({ address, port, zone: () => cluster, upstream, clock: systemClock, logger: silentLogger }),
];

beforeAll(() => Promise.all(servers.map((server) => server.start())));
afterAll(() => Promise.all(servers.map((server) => server.stop())));

async function ask(name: string, wire: 'udp' | 'tcp', to = port, type: RecordType = 'A') {
  const query = dnsPacket.encode({ type: 'query', id: 7, flags: dnsPacket.RECURSION_DESIRED, questions: [{ type, name }] });
  const reply = await new Upstream([address], systemClock, to).ask(query, wire);
  const packet = reply && dnsPacket.decode(reply);
  const data = packet?.answers?.map((record) => ('data' in record ? record.data : undefined));
  return { rcode: packet && (packet.flags ?? 0) & 15, isTruncated: packet?.flag_tc, data };
}

test('goes on to the next server when one cannot be reached', async () => {
  expect(await ask('far.ns.svc.example', 'udp')).toMatchObject({ rcode: 0, data: ['198.51.100.7'] });
});

test('what is too long comes over TCP when it is asked for over TCP', async () => {
  expect(await ask('big.ns.svc.example', 'udp')).toMatchObject({ isTruncated: true });
  expect((await ask('big.ns.svc.example', 'tcp')).data).toHaveLength(60);
});

test('an alias for elsewhere comes with what it leads to', async () => {
  expect(await ask('alias.ns.svc.cluster.local', 'udp')).toMatchObject({ rcode: 0, data: ['far.ns.svc.example', '198.51.100.7'] });
  expect(await ask('alias.ns.svc.cluster.local', 'udp', port, 'AAAA')).toMatchObject({ rcode: 0, data: ['far.ns.svc.example'] });
  expect(await ask('alias.ns.svc.cluster.local', 'udp', port, 'CNAME')).toMatchObject({ rcode: 0, data: ['far.ns.svc.example'] });
  expect(await ask('lost.ns.svc.cluster.local', 'udp')).toMatchObject({ rcode: 3, data: ['no.ns.svc.example'] });
  expect((await ask('long.ns.svc.cluster.local', 'tcp')).data).toHaveLength(61);
});

test('nobody there is no answer, over either', async () => {
  const query = Buffer.alloc(12);
  const alone = new Upstream([unreachable], systemClock);
  expect([await alone.ask(query, 'udp'), await alone.ask(query, 'tcp')]).toEqual([undefined, undefined]);
});

test('a server that is stopped before an answer reaches it ends in peace, twice', async () => {
  const slow = createSocket('udp4');
  await new Promise<void>((resolve) => slow.bind(slowPort, address, resolve));
  const deferred = new Upstream([address], systemClock, slowPort);
  const server = new DnsServer({
    address,
    port: stoppedPort,
    zone: () => cluster,
    upstream: deferred,
    clock: systemClock,
    logger: silentLogger,
  });
  await server.start();
  const client = createSocket('udp4');
  client.send(dnsPacket.encode({ type: 'query', id: 7, questions: [{ type: 'A', name: 'far.ns.svc.example' }] }), stoppedPort, address);
  const [query, peer] = (await once(slow, 'message')) as [Buffer, RemoteInfo];
  await server.stop();
  // An answer that cannot be sent would be an unhandled rejection, which fails this run.
  await new Promise((resolve) => slow.send(query, peer.port, peer.address, resolve));
  await server.stop();
  for (const socket of [client, slow]) socket.close();
});

test('a name server whose port is taken says so, and holds nothing', async () => {
  const second = new DnsServer({ address, port, zone: () => cluster, upstream, clock: systemClock, logger: silentLogger });
  await expect(second.start()).rejects.toThrow('EADDRINUSE');
  await second.stop();
});
