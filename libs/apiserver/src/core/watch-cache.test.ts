import { ConfigMap, Event } from '@berth/api';
import { CompactedError, StoreUnavailableError } from '@berth/store';
import { type Clock, systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { FlakyStore } from './flaky-store.ts';
import { callFor, startTestServer, summary, take } from './test-server.ts';

const config = (name: string): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } });
const hasty: Clock = {
  ...systemClock,
  after: (delayMs, callback) => systemClock.after(delayMs / 20, callback),
  sleep: (delayMs, signal) => systemClock.sleep(delayMs / 20, signal),
};

test('a broken store watch is resumed where it was, and watchers notice nothing', async () => {
  const flaky = new FlakyStore();
  const { server, client } = await startTestServer({ store: flaky.asStore(), clock: hasty });
  const handle = await server.watch(callFor(ConfigMap), { resourceVersion: String(server.revision) });
  await client.create(ConfigMap, config('a'));
  flaky.breakWatches(new StoreUnavailableError('connection reset'));
  await client.create(ConfigMap, config('b'));
  await client.create(ConfigMap, config('c'));
  expect(summary(await take(handle, 3))).toEqual(['ADDED a', 'ADDED b', 'ADDED c']);
  expect((await client.list(ConfigMap)).items).toHaveLength(3);
  await server.stop();
});

test('when the store forgot what was missed, the cache is read anew and watchers are told to start over', async () => {
  const flaky = new FlakyStore();
  const { server, client } = await startTestServer({ store: flaky.asStore(), clock: hasty });
  const resourceVersion = String(server.revision);
  const handle = await server.watch(callFor(ConfigMap), { resourceVersion });
  await client.create(ConfigMap, config('a'));
  flaky.breakWatches(new CompactedError(1, 2));
  await expect(take(handle, 10)).rejects.toMatchObject({ code: 410, reason: 'Expired' });
  expect((await client.list(ConfigMap)).items).toHaveLength(1);
  await expect(server.watch(callFor(ConfigMap), { resourceVersion })).rejects.toMatchObject({ code: 410 });
  await server.stop();
});

test('without its store the API answers 503, still serves reads of any version, and recovers', async () => {
  const flaky = new FlakyStore();
  const { server, client } = await startTestServer({ store: flaky.asStore(), clock: hasty });
  await client.create(ConfigMap, config('a'));
  await client.list(ConfigMap);
  flaky.isCut = true;
  await expect(client.get(ConfigMap, { namespace: 'default', name: 'a' })).rejects.toMatchObject({ code: 503 });
  await expect(client.create(ConfigMap, config('b'))).rejects.toMatchObject({ code: 503 });
  expect(await server.health.isReady()).toBe(false);
  expect((await client.list(ConfigMap, { resourceVersion: '0' })).items).toHaveLength(1);
  flaky.isCut = false;
  await client.create(ConfigMap, config('b'));
  expect(await server.health.isReady()).toBe(true);
  await server.stop();
});

test('events share a lease that ends them, other objects have none', async () => {
  const flaky = new FlakyStore();
  const { server, client } = await startTestServer({ store: flaky.asStore() });
  flaky.transactions.length = 0;
  for (const name of ['e1', 'e2']) {
    await client.create<Event>(Event, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace: 'default' },
      involvedObject: { kind: 'Pod', namespace: 'default', name: 'web' },
      reason: 'Started',
      message: 'started',
      type: 'Normal',
    });
  }
  await client.create(ConfigMap, config('a'));
  const leases = flaky.transactions.flatMap(({ writes }) => writes.map((write) => (write.type === 'put' ? write.lease : undefined)));
  expect(leases[0]).toBeTruthy();
  expect(leases).toEqual([leases[0], leases[0], undefined]);
  await server.stop();
});

test('a periodic bookmark tells idle watchers how far they are', async () => {
  const clock: Clock = { ...systemClock, after: (delayMs, callback) => systemClock.after(delayMs / 2_000, callback) };
  const { server, client, store } = await startTestServer({ clock });
  await client.create(ConfigMap, config('a'));
  const now = await store.revision();
  await client.list(ConfigMap);
  const settings = { resourceVersion: String(server.revision - 1), allowWatchBookmarks: true, fieldSelector: 'metadata.name=none' };
  const [bookmark] = await take(await server.watch(callFor(ConfigMap), settings), 1);
  expect([bookmark?.type, bookmark?.object.metadata.resourceVersion]).toEqual(['BOOKMARK', String(now)]);
  await server.stop();
});
