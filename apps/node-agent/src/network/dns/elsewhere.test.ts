// Real name servers on loopback, and the cluster's before them.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Service } from '@berth/api';
import type { NameServers } from '@berth/protocol';
import { silentLogger, systemClock } from '@berth/telemetry';
import dnsPacket, { type RecordType } from 'dns-packet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DnsServer } from './dns-server.ts';
import { Elsewhere } from './elsewhere.ts';
import { Upstream } from './upstream.ts';
import { buildZone } from './zone.ts';

const [own, port] = ['127.0.0.4', 20_071];
const domain = 'cluster.local';
const alias: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'alias', namespace: 'ns' },
  spec: { type: 'ExternalName', externalName: 'db.acme.local' },
};
const zone = buildZone(domain, [alias], []);

let directory: string;
let elsewhere: Elsewhere;
let server: DnsServer;
let refusals: number;
const sockets: Socket[] = [];

const newElsewhere = () =>
  new Elsewhere({
    recordFile: join(directory, 'name-servers.json'),
    clock: systemClock,
    logger: silentLogger,
    changed: () => server?.forget(),
    refused: () => {
      refusals++;
    },
  });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-dns-'));
  refusals = 0;
  elsewhere = newElsewhere();
  const isDelegated = (name: string) => elsewhere.isDelegated(name, domain);
  const upstream = { ask: (...args: Parameters<Upstream['ask']>) => elsewhere.ask(...args) };
  server = new DnsServer({ address: own, port, zone: () => zone, upstream, isDelegated, clock: systemClock, logger: silentLogger });
  await server.start();
});

afterEach(async () => {
  await server.stop();
  await elsewhere.stop();
  for (const socket of sockets.splice(0)) await new Promise<void>((resolve) => socket.close(() => resolve()));
  await rm(directory, { recursive: true, force: true });
});

/** A name server that gives this address to every name. @returns where it is asked */
async function serve(data: string): Promise<string> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.on('message', (message: Buffer, peer: RemoteInfo) => {
    const { id, questions = [] } = dnsPacket.decode(message);
    const [{ name, type } = { name: '', type: 'A' as const }] = questions;
    const answers = [
      type === 'PTR' ? { type: 'PTR' as const, name, ttl: 30, data: 'my.test' } : { type: 'A' as const, name, ttl: 30, data },
    ];
    socket.send(dnsPacket.encode({ type: 'response', id: id ?? 0, questions, answers }), peer.port, peer.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return `127.0.0.1:${socket.address().port}`;
}

async function ask(name: string, type: RecordType = 'A'): Promise<unknown[]> {
  const query = dnsPacket.encode({ type: 'query', id: 7, flags: dnsPacket.RECURSION_DESIRED, questions: [{ type, name }] });
  const reply = await new Upstream([own], systemClock, port).ask(query, 'udp');
  const packet = reply && dnsPacket.decode(reply);
  return [(packet?.flags ?? 0) & 15, ...(packet?.answers ?? []).map((record) => ('data' in record ? record.data : undefined))];
}

const said = (spec: NameServers['spec'], error?: string): NameServers => ({
  ...{ apiVersion: 'berth.io/v1', kind: 'NameServers', metadata: { name: 'name-servers' } },
  ...(spec && { spec }),
  ...(error !== undefined && { error }),
});

test('asks the servers of the longest domain that a name is in, else the upstreams, else the machine’s', async () => {
  const [machine, acme, deep, upstream] = [
    await serve('192.0.2.1'),
    await serve('192.0.2.2'),
    await serve('192.0.2.3'),
    await serve('192.0.2.4'),
  ];
  await elsewhere.start([machine], own);
  expect(await ask('abc.acme.local')).toEqual([0, '192.0.2.1']);
  const stubs = [
    { domain: 'acme.local', servers: [acme] },
    { domain: 'deep.acme.local', servers: [deep] },
    { domain: 'lab.example', servers: [] },
    { domain: '10.in-addr.arpa', servers: [acme] },
  ];
  elsewhere.sync(said({ upstreams: [upstream], stubs }));
  // At once, though the answer before was for half a minute.
  expect(await ask('abc.acme.local')).toEqual([0, '192.0.2.2']);
  expect(await ask('Acme.Local')).toEqual([0, '192.0.2.2']);
  expect(await ask('a.b.deep.acme.local')).toEqual([0, '192.0.2.3']);
  expect(await ask('notacme.local')).toEqual([0, '192.0.2.4']);
  expect(await ask('a.lab.example')).toEqual([0, '192.0.2.1']);
  expect(await ask('123.2.0.10.in-addr.arpa', 'PTR')).toEqual([0, 'my.test']);
  // What a service leads to is asked for as any other name.
  expect(await ask('alias.ns.svc.cluster.local')).toEqual([0, 'db.acme.local', '192.0.2.2']);
  elsewhere.sync(undefined);
  expect(await ask('abc.acme.local')).toEqual([0, '192.0.2.1']);
});

test('a domain within the cluster’s is for its servers, and the cluster’s own is not', async () => {
  const other = await serve('192.0.2.2');
  await elsewhere.start([], own);
  elsewhere.sync(
    said({
      stubs: [
        { domain: 'consul.cluster.local', servers: [other] },
        { domain: 'cluster.local', servers: [other] },
      ],
    }),
  );
  expect(await ask('web.consul.cluster.local')).toEqual([0, '192.0.2.2']);
  expect(await ask('nobody.ns.svc.cluster.local')).toEqual([3]);
});

test('what cannot be followed is counted once, and what was in force last stays, over a restart too', async () => {
  const acme = await serve('192.0.2.2');
  await elsewhere.start([], own);
  elsewhere.sync(said({ stubs: [{ domain: 'acme.local', servers: [acme] }] }));
  for (let round = 0; round < 3; round++) elsewhere.sync(said(undefined, 'line 1: wrong'));
  expect([refusals, await ask('abc.acme.local')]).toEqual([1, [0, '192.0.2.2']]);
  await elsewhere.stop();
  elsewhere = newElsewhere();
  await elsewhere.start([], own);
  server.forget();
  expect(await ask('abc.acme.local')).toEqual([0, '192.0.2.2']);
  elsewhere.sync(said(undefined, 'line 1: wrong'));
  expect(await ask('abc.acme.local')).toEqual([0, '192.0.2.2']);
  elsewhere.sync(undefined);
  await elsewhere.stop();
  elsewhere = newElsewhere();
  await elsewhere.start([], own);
  server.forget();
  expect(await ask('abc.acme.local')).toEqual([2]);
});

test('does not ask itself', async () => {
  await elsewhere.start([own], own);
  elsewhere.sync(said({ upstreams: [`${own}:53`], stubs: [] }));
  expect(await ask('far.example')).toEqual([2]);
});

test('what is on its way when the servers change is answered, and not kept', async () => {
  const slow = createSocket('udp4');
  sockets.push(slow);
  await new Promise<void>((resolve) => slow.bind(0, '127.0.0.1', resolve));
  const asked = new Promise<[Buffer, RemoteInfo]>((resolve) => slow.once('message', (message, peer) => resolve([message, peer])));
  await elsewhere.start([`127.0.0.1:${slow.address().port}`], own);
  const first = ask('far.example');
  const [message, peer] = await asked;
  elsewhere.sync(said({ upstreams: [await serve('192.0.2.9')], stubs: [] }));
  const questions = dnsPacket.decode(message).questions ?? [];
  const id = message.readUInt16BE(0);
  const answers = [{ type: 'A' as const, name: 'far.example', ttl: 30, data: '192.0.2.8' }];
  slow.send(dnsPacket.encode({ type: 'response', id, questions, answers }), peer.port, peer.address);
  expect(await first).toEqual([0, '192.0.2.8']);
  expect(await ask('far.example')).toEqual([0, '192.0.2.9']);
});
