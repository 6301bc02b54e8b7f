import { ClusterRole, ConfigMap, Deployment, Event, Pod, ReplicaSet } from '@berth/api';
import { isReason, type OwnerReference } from '@berth/machinery';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeNamespace, startTestCluster, type TestCluster } from './testing.ts';

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

/** Each owns the next one, and the last one the first. */
async function makeCircle(names: string[]): Promise<void> {
  const made: ConfigMap[] = [];
  for (const name of names) made.push(await cluster.client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: key(name) }));
  for (const [index, { metadata }] of made.entries()) {
    const owner = made.at(index - 1)?.metadata;
    const reference = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: owner?.name,
      uid: owner?.uid,
      controller: true,
      blockOwnerDeletion: true,
    };
    await cluster.client.patch(ConfigMap, key(metadata.name), 'merge', { metadata: { ownerReferences: [reference] } });
  }
}

const anyIsLeft = async (names: string[]) =>
  (await Promise.all(names.map((name) => isGone(cluster.client.get(ConfigMap, key(name)))))).includes(false);

test('a circle of owners goes as a whole in the foreground, whichever of them is deleted, or all', async () => {
  for (const [size, deleted] of [
    [1, 1],
    [2, 1],
    [3, 1],
    [3, 3],
    [7, 2],
  ] as const) {
    const names = Array.from({ length: size }, (_, index) => `circle-${size}-${deleted}-${index}`);
    await makeCircle(names);
    await Promise.all(
      names.slice(0, deleted).map((name) => cluster.client.delete(ConfigMap, key(name), { propagationPolicy: 'Foreground' })),
    );
    await cluster.eventually(async () => !(await anyIsLeft(names)));
  }
});

test('an owner in another namespace owns nothing: what is in one goes, what is in none stays, and both are told', async () => {
  await makeNamespace(cluster.client, 'elsewhere');
  const owner = await cluster.client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: key('far') });
  const uid = owner.metadata.uid ?? '';
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'far', uid }];
  const child = { namespace: 'elsewhere', name: 'child' };
  await cluster.client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...child, ownerReferences } });
  const role = { name: 'far-child', ownerReferences };
  await cluster.client.create(ClusterRole, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: role, rules: [] });
  await cluster.eventually(() => isGone(cluster.client.get(ConfigMap, child)));
  const events = async () => (await cluster.client.list(Event)).items.filter(({ reason }) => reason === 'OwnerRefInvalidNamespace');
  await cluster.eventually(async () => (await events()).length === 2);
  expect((await events()).map(({ metadata, message }) => [metadata.namespace, message]).sort()).toEqual([
    ['default', `ownerRef [v1/ConfigMap, namespace: , name: far, uid: ${uid}] does not exist in namespace ""`],
    ['elsewhere', `ownerRef [v1/ConfigMap, namespace: elsewhere, name: far, uid: ${uid}] does not exist in namespace "elsewhere"`],
  ]);
  expect((await cluster.client.get(ClusterRole, { name: 'far-child' })).metadata.ownerReferences).toHaveLength(1);
});

test('an owner of a version that nobody serves is not taken for gone', async () => {
  const ownerReferences = [{ apiVersion: 'apps/v0', kind: 'Deployment', name: 'x', uid: 'nobody' }];
  await cluster.client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...key('odd'), ownerReferences } });
  const gone = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'x', uid: 'nobody' }];
  await cluster.client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...key('even'), ownerReferences: gone } });
  await cluster.eventually(() => isGone(cluster.client.get(ConfigMap, key('even'))));
  expect((await cluster.client.get(ConfigMap, key('odd'))).metadata.name).toBe('odd');
});
