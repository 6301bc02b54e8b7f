// Writes on a server whose cache lags behind what another server wrote.
import { ConfigMap, Namespace, Service } from '@berth/api';
import { expect, test } from 'vitest';
import { FlakyStore } from './flaky-store.ts';
import { callFor, service, startTestServer } from './test-server.ts';

const settings = { namespace: 'default', name: 'settings' };
const config = (data: Record<string, string>, namespace = 'default'): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace },
  data,
});

async function withLaggingServer() {
  const flaky = new FlakyStore();
  const lagging = await startTestServer({ store: flaky.asStore() });
  const current = await startTestServer({ store: flaky.inner, seed: 2 });
  await current.client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' }, spec: {} });
  await current.client.create(ConfigMap, config({ a: '1' }));
  await lagging.client.list(ConfigMap);
  const release = flaky.holdWatches();
  const stop = async () => {
    release();
    await lagging.server.stop();
    await current.server.stop();
  };
  return { lagging, current, stop };
}

test('a change back to what the cache still shows is written, not taken for done', async () => {
  const { lagging, current, stop } = await withLaggingServer();
  await current.client.update(ConfigMap, config({ a: '2' }));
  const back = await lagging.client.update(ConfigMap, config({ a: '1' }));
  expect((await current.client.get(ConfigMap, settings)).metadata.resourceVersion).toBe(back.metadata.resourceVersion);
  expect((await current.client.get(ConfigMap, settings)).data).toEqual({ a: '1' });
  await stop();
});

test('an object that is newer than the cache is updated with its newest version and deleted', async () => {
  const { lagging, current, stop } = await withLaggingServer();
  const newest = await current.client.update(ConfigMap, config({ a: '2' }));
  const updated = await lagging.client.update(ConfigMap, { ...newest, data: { a: '3' } });
  expect(updated.data).toEqual({ a: '3' });
  const born = await current.client.create<ConfigMap>(ConfigMap, { ...config({}), metadata: { name: 'born', namespace: 'default' } });
  await lagging.client.delete(ConfigMap, { namespace: 'default', name: 'born' }, { preconditions: { uid: born.metadata.uid } });
  await lagging.client.delete(ConfigMap, settings);
  expect((await current.client.list(ConfigMap, { namespace: 'default' })).items).toEqual([]);
  await stop();
});

test('nothing gets into a namespace that is gone already', async () => {
  const { lagging, current, stop } = await withLaggingServer();
  const terminating = await current.client.delete(Namespace, { name: 'team' });
  await expect(lagging.client.create(ConfigMap, config({}, 'team'))).rejects.toMatchObject({ code: 403 });
  await current.server.update(callFor(Namespace, undefined, 'team', 'finalize'), { ...terminating, spec: { finalizers: [] } });
  await expect(lagging.client.create(ConfigMap, config({}, 'team'))).rejects.toThrow('namespaces "team" not found');
  await stop();
});

test('a port that was taken or released elsewhere is known at the commit', async () => {
  const { lagging, current, stop } = await withLaggingServer();
  const wish = { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] };
  await current.client.create(Service, service('web', wish));
  await expect(lagging.client.create(Service, service('other', wish))).rejects.toThrow('provided port is already allocated');
  await current.client.delete(Service, { namespace: 'default', name: 'web' });
  expect((await lagging.client.create(Service, service('other', wish))).spec.ports?.[0]?.nodePort).toBe(30080);
  await stop();
});
