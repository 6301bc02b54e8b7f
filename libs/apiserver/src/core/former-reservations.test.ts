// Clusters of a version that reserved cluster IPs by keys.
import { IPAddress, Service } from '@berth/api';
import { prefixEnd, type Store, type StoreEvent } from '@berth/store';
import { expect, test } from 'vitest';
import { formerClusterIpPrefix, storageKey } from './keys.ts';
import { toBytes } from './object-codec.ts';
import { service, startTestServer } from './test-server.ts';

const former = (ip: string) => formerClusterIpPrefix + ip;
const current = (ip: string) => storageKey(IPAddress, undefined, ip);

/** Puts back what an earlier version would have written instead of IPAddress objects. */
async function makeFormer(store: Store, { metadata, spec }: Service): Promise<void> {
  const { namespace, name, uid } = metadata;
  const { clusterIP = '' } = spec;
  await store.transact({
    compare: [],
    writes: [
      { type: 'delete', key: current(clusterIP) },
      { type: 'put', key: former(clusterIP), value: toBytes({ namespace, name, uid }) },
    ],
  });
}

async function eventsAfter(store: Store, revision: number): Promise<StoreEvent[]> {
  const watch = store.watch({ start: '/', end: '0', fromRevision: revision + 1 });
  const newest = await store.revision();
  const events: StoreEvent[] = [];
  for await (const batch of watch) {
    events.push(...batch.events);
    if (batch.revision >= newest) break;
  }
  watch.close();
  return events;
}

test('each key becomes an object in one transaction, also when two servers start at once, and nothing is given twice', async () => {
  const old = await startTestServer({ serviceCidr: '10.96.0.0/22' });
  const { store } = old;
  await Promise.all(Array.from({ length: 600 }, (_, i) => old.client.create(Service, service(`s${i}`))));
  const { items } = await old.client.list(Service);
  await old.server.stop();
  for (const item of items) await makeFormer(store, item);
  const before = await store.revision();

  const options = { store, serviceCidr: '10.96.0.0/22' };
  const [one, two] = await Promise.all([startTestServer({ ...options, seed: 11 }), startTestServer({ ...options, seed: 12 })]);
  const left = await store.range({ start: formerClusterIpPrefix, end: prefixEnd(formerClusterIpPrefix) });
  expect(left.count).toBe(0);
  const events = await eventsAfter(store, before);
  const revisionOf = (type: string, key: string) =>
    events.filter((event) => event.type === type && event.kv.key === key).map(({ kv }) => kv.modRevision);
  for (const { spec, metadata } of items) {
    const ip = spec.clusterIP ?? '';
    const { spec: held, metadata: made } = await one.client.get(IPAddress, { name: ip });
    expect(held.parentRef).toEqual({ resource: 'services', namespace: metadata.namespace, name: metadata.name });
    // The moment in which the key goes is the one in which the object comes, and there is one such moment.
    expect(revisionOf('delete', former(ip))).toEqual([Number(made.resourceVersion)]);
    expect(revisionOf('put', current(ip))).toEqual([Number(made.resourceVersion)]);
  }
  // 1022 addresses, of which the name server's is spared and 601 are taken.
  const creates = Array.from({ length: 421 }, (_, i) => (i % 2 ? one : two).client.create(Service, service(`t${i}`)));
  const results = await Promise.allSettled(creates);
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(420);
  const all = (await two.client.list(Service)).items.map(({ spec }) => spec.clusterIP);
  expect(new Set(all).size).toBe(all.length);
  await one.server.stop();
  await two.server.stop();
});

test('an object that was made by hand while such objects did nothing is kept, and reserves the address', async () => {
  const old = await startTestServer();
  const web = await old.client.create(Service, service('web', { clusterIP: '10.96.3.3' }));
  await makeFormer(old.store, web);
  const spec = { parentRef: { resource: 'services', namespace: 'default', name: 'other' } };
  const byHand = await old.client.create(IPAddress, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: { name: '10.96.3.3' },
    spec,
  });
  await old.server.stop();
  const { server, client, store } = await startTestServer({ store: old.store });
  expect(await client.get(IPAddress, { name: '10.96.3.3' })).toEqual(byHand);
  expect((await store.get(former('10.96.3.3'))).kv).toBeUndefined();
  await expect(client.create(Service, service('next', { clusterIP: '10.96.3.3' }))).rejects.toThrow('provided IP is already allocated');
  await server.stop();
});
