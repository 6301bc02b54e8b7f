import { ConfigMap, Node, Pod, ResourceSlice } from '@berth/api';
import { seededRandom } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { eventHistoryLimit } from './kind-cache.ts';
import { callFor, pod, startTestServer, summary, take } from './test-server.ts';

const labels = (track: string) => ({ metadata: { labels: { track } } });

test('a selector turns changes into arrivals and departures, each with the right version', async () => {
  const { server, client } = await startTestServer();
  const { resourceVersion } = await client.list(Pod);
  const handle = await server.watch(callFor(Pod, 'default'), { labelSelector: 'track=stable', resourceVersion });
  const key = { namespace: 'default', name: 'web' };
  await client.create(Pod, pod('web', { labels: { track: 'canary' } }));
  const arrived = await client.patch(Pod, key, 'merge', labels('stable'));
  await client.patch(Pod, key, 'merge', { metadata: { labels: { more: 'yes' } } });
  const left = await client.patch(Pod, key, 'merge', labels('canary'));
  await client.patch(Pod, key, 'merge', labels('stable'));
  await client.delete(Pod, key);
  const items = await take(handle, 5);
  expect(items.map((item) => item.type)).toEqual(['ADDED', 'MODIFIED', 'DELETED', 'ADDED', 'DELETED']);
  expect(items[0]?.object.metadata.resourceVersion).toBe(arrived.metadata.resourceVersion);
  // The departure shows the last state that matched, as of the change that ended it.
  expect(items[2]?.object.metadata.labels?.track).toBe('stable');
  expect(items[2]?.object.metadata.resourceVersion).toBe(left.metadata.resourceVersion);
  for (const item of items) expect(JSON.parse(Buffer.from(item.line).toString()).object).toEqual(item.object);
  await server.stop();
});

test('initial events end with the annotated bookmark, and events follow without a gap', async () => {
  const { server, client } = await startTestServer();
  await client.create(Pod, pod('a'));
  await client.create(Pod, pod('b'));
  const settings = { sendInitialEvents: true, allowWatchBookmarks: true, resourceVersionMatch: 'NotOlderThan' } as const;
  const handle = await server.watch(callFor(Pod), settings);
  await client.create(Pod, pod('c'));
  const items = await take(handle, 4);
  expect(summary(items)).toEqual(['ADDED a', 'ADDED b', 'BOOKMARK', 'ADDED c']);
  expect(items[2]?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  expect(Number(items[2]?.object.metadata.resourceVersion)).toBeLessThan(Number(items[3]?.object.metadata.resourceVersion));
  await server.stop();
});

test('a watch from a version that is yet to come begins at once, and sends what comes after it', async () => {
  const { server, client } = await startTestServer();
  const { resourceVersion } = await client.list(Pod);
  const handle = await server.watch(callFor(Pod), { resourceVersion: String(Number(resourceVersion) + 2) });
  for (const name of ['a', 'b', 'c']) await client.create(Pod, pod(name));
  await client.delete(Pod, { namespace: 'default', name: 'a' });
  expect(summary(await take(handle, 2))).toEqual(['ADDED c', 'DELETED a']);
  await server.stop();
});

test('a watcher that keeps reconnecting with a selector ends with what a list shows', async () => {
  const { server, client } = await startTestServer();
  const random = seededRandom(42);
  let { resourceVersion } = await client.list(Pod, { labelSelector: 'track=stable' });
  const seen = new Set<string>();
  for (let round = 0; round < 40; round++) {
    for (let step = 0; step < 5; step++) await churn(client, random);
    const abort = new AbortController();
    const { resourceVersion: now } = await client.list(Pod);
    const watch = client.watch(Pod, { labelSelector: 'track=stable', resourceVersion, signal: abort.signal });
    // One more change that matches tells that everything before it has come.
    const marker = await client.create(Pod, pod(`marker-${round}`, { labels: { track: 'stable' } }));
    for await (const event of watch) {
      if (event.type === 'BOOKMARK') continue;
      const { name, resourceVersion: version = '' } = event.object.metadata;
      expect(Number(version)).toBeGreaterThan(Number(resourceVersion));
      resourceVersion = version;
      expect(seen.has(name)).toBe(event.type !== 'ADDED');
      if (event.type === 'DELETED') seen.delete(name);
      else seen.add(name);
      if (version === marker.metadata.resourceVersion) abort.abort();
    }
    expect(Number(resourceVersion)).toBeGreaterThan(Number(now));
  }
  const { items } = await client.list(Pod, { labelSelector: 'track=stable' });
  expect([...seen].sort()).toEqual(items.map((item) => item.metadata.name).sort());
  await server.stop();
});

type Started = Awaited<ReturnType<typeof startTestServer>>;

async function churn(client: Started['client'], random: ReturnType<typeof seededRandom>): Promise<void> {
  const name = `p${random.int(6)}`;
  const key = { namespace: 'default', name };
  const track = random.int(2) ? 'stable' : 'canary';
  const exists = (await client.list(Pod, { fieldSelector: `metadata.name=${name}` })).items.length > 0;
  if (!exists) await client.create(Pod, pod(name, { labels: { track } }));
  else if (random.int(3) === 0) await client.delete(Pod, key);
  else await client.patch(Pod, key, 'merge', { metadata: { labels: { track }, annotations: { n: String(random.int(1000)) } } });
}

test('pods of a node are found and watched by field, as they get there', async () => {
  const { server, client } = await startTestServer();
  await client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, spec: {} });
  const fieldSelector = 'spec.nodeName=n1';
  const { resourceVersion } = await client.list(Pod);
  const handle = await server.watch(callFor(Pod), { fieldSelector, resourceVersion });
  for (const name of ['a', 'b']) await client.create(Pod, pod(name));
  await client.createSubresource(Pod, { namespace: 'default', name: 'b' }, 'binding', { metadata: { name: 'b' }, target: { name: 'n1' } });
  expect(summary(await take(handle, 1))).toEqual(['ADDED b']);
  expect((await client.list(Pod, { fieldSelector })).items.map((item) => item.metadata.name)).toEqual(['b']);
  expect((await client.list(Pod, { fieldSelector: 'spec.nodeName=' })).items.map((item) => item.metadata.name)).toEqual(['a']);
  await expect(client.list(Pod, { fieldSelector: 'spec.color=red' })).rejects.toThrow('field label not supported: spec.color');
  const slices = client.list(ResourceSlice, { fieldSelector: 'spec.color=red' });
  await expect(slices).rejects.toThrow('field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: spec.color');
  await server.stop();
});

test('a version older than the history is gone, and a watcher that does not read is dropped alone', async () => {
  const { server, client } = await startTestServer();
  const key = { namespace: 'default', name: 'busy' };
  const created: ConfigMap = await client.create<ConfigMap>(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: key });
  const { resourceVersion } = created.metadata;
  const slow = await server.watch(callFor(ConfigMap), { resourceVersion });
  const reader = await server.watch(callFor(ConfigMap), { resourceVersion });
  const changes = eventHistoryLimit + 50;
  const reading = take(reader, changes);
  for (let i = 0; i < changes; i += 50) {
    await Promise.all(
      Array.from({ length: 50 }, (_, k) => client.create(ConfigMap, { ...created, metadata: { name: `c${i + k}`, namespace: 'default' } })),
    );
  }
  expect(await reading).toHaveLength(changes);
  await expect(server.watch(callFor(ConfigMap), { resourceVersion })).rejects.toMatchObject({ code: 410, reason: 'Expired' });
  let delivered = 0;
  for await (const _ of slow) delivered += 1;
  expect(delivered).toBeLessThan(changes);
  await server.stop();
});
