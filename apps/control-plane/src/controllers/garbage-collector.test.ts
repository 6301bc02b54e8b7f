import { ConfigMap, Deployment, Pod, ReplicaSet } from '@berth/api';
import { isReason, type OwnerReference } from '@berth/machinery';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestCluster, type TestCluster } from './testing.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
});
afterAll(async () => {
  await cluster.stop();
});

const key = (name: string) => ({ namespace: 'default', name });
const isGone = <T>(found: Promise<T>) =>
  found.then(
    () => false,
    (error: unknown) => isReason(error, 'NotFound'),
  );

async function makeDeployment(name: string): Promise<void> {
  const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'web:1' }] } };
  const spec = { replicas: 2, selector: { matchLabels: { app: name } }, template };
  await cluster.client.create(Deployment, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: key(name), spec });
  await cluster.eventually(async () => (await pods(name)).length === 2);
}

const pods = async (app: string) => (await cluster.client.list(Pod, { namespace: 'default', labelSelector: `app=${app}` })).items;
const replicaSets = async (app: string) =>
  (await cluster.client.list(ReplicaSet, { namespace: 'default', labelSelector: `app=${app}` })).items;

test('everything below a deployment goes after it', async () => {
  await makeDeployment('back');
  await cluster.client.delete(Deployment, key('back'));
  expect(await isGone(cluster.client.get(Deployment, key('back')))).toBe(true);
  await cluster.eventually(async () => (await pods('back')).length === 0 && (await replicaSets('back')).length === 0);
});

test('in the foreground everything below goes first', async () => {
  await makeDeployment('fore');
  const [held] = await pods('fore');
  const name = held?.metadata.name ?? '';
  await cluster.client.patch(Pod, key(name), 'merge', { metadata: { finalizers: ['example.com/hold'] } });
  await cluster.client.delete(Deployment, key('fore'), { propagationPolicy: 'Foreground' });
  await cluster.eventually(async () => (await pods('fore')).length === 1);
  expect((await cluster.client.get(Deployment, key('fore'))).metadata.finalizers).toEqual(['foregroundDeletion']);
  await cluster.client.patch(Pod, key(name), 'merge', { metadata: { finalizers: null } });
  await cluster.eventually(() => isGone(cluster.client.get(Deployment, key('fore'))));
  expect([await pods('fore'), await replicaSets('fore')]).toEqual([[], []]);
});

test('orphans stay and have no owner any more', async () => {
  await makeDeployment('orph');
  await cluster.client.delete(Deployment, key('orph'), { propagationPolicy: 'Orphan' });
  await cluster.eventually(() => isGone(cluster.client.get(Deployment, key('orph'))));
  const [replicaSet] = await replicaSets('orph');
  expect(replicaSet?.metadata.ownerReferences ?? []).toEqual([]);
  expect(await pods('orph')).toHaveLength(2);
});

test('an object keeps existing while one of its owners does, and is deleted when made for an owner that is gone', async () => {
  const configMap = (name: string, ownerReferences: OwnerReference[] = []) =>
    cluster.client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...key(name), ownerReferences } });
  const reference = ({ metadata }: ConfigMap) => ({ apiVersion: 'v1', kind: 'ConfigMap', name: metadata.name, uid: metadata.uid ?? '' });
  const [one, two] = [await configMap('one'), await configMap('two')];
  await configMap('both', [reference(one), reference(two)]);
  await cluster.client.delete(ConfigMap, key('one'));
  await cluster.eventually(async () => (await cluster.client.get(ConfigMap, key('both'))).metadata.ownerReferences?.length === 1);
  await configMap('late', [reference(one)]);
  await cluster.eventually(() => isGone(cluster.client.get(ConfigMap, key('late'))));
  expect((await cluster.client.get(ConfigMap, key('both'))).metadata.ownerReferences?.map(({ name }) => name)).toEqual(['two']);
});
