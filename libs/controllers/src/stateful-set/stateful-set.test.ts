import { ControllerRevision, PersistentVolumeClaim, Pod, StatefulSet } from '@berth/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestCluster, type TestCluster } from '../testing.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await startTestCluster();
});
afterEach(() => cluster.stop());

const key = { namespace: 'default', name: 'db' };
const labels = { app: 'db' };

const claim: PersistentVolumeClaim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};

function template(image: string) {
  return { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image }] } };
}

async function create(spec: Partial<StatefulSet['spec']> = {}): Promise<void> {
  await cluster.client.create(StatefulSet, {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: key,
    spec: { serviceName: 'db', replicas: 3, selector: { matchLabels: labels }, template: template('db:1'), ...spec },
  });
}

async function pods(): Promise<Pod[]> {
  const { items } = await cluster.client.list(Pod, { namespace: 'default', labelSelector: 'app=db' });
  return [...items].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

const names = async () => (await pods()).map(({ metadata }) => metadata.name);
const images = async () => (await pods()).map(({ spec }) => spec.containers[0]?.image);
const appears = (wanted: string[]) => cluster.eventually(async () => (await names()).join() === wanted.join());

/** Makes ready whatever is not, until the check holds: the part of the nodes. */
async function readyUntil(holds: () => Promise<boolean>): Promise<void> {
  await cluster.eventually(async () => {
    for (const pod of await pods()) if (!pod.status?.conditions?.length && !pod.metadata.deletionTimestamp) await cluster.markReady(pod);
    return holds();
  });
}

const set = () => cluster.client.get(StatefulSet, key);
const settled = () =>
  readyUntil(async () => {
    const { spec, status, metadata } = await set();
    return (
      status?.observedGeneration === metadata.generation &&
      status?.readyReplicas === spec.replicas &&
      status?.updatedReplicas === spec.replicas
    );
  });

test('pods start in order, each once the one before is ready, with an identity and a claim of their own', async () => {
  await create({ volumeClaimTemplates: [claim] });
  await appears(['db-0']);
  const [first] = await pods();
  expect(first?.metadata.labels).toMatchObject({ 'statefulset.kubernetes.io/pod-name': 'db-0', 'apps.kubernetes.io/pod-index': '0' });
  expect(first?.spec).toMatchObject({
    hostname: 'db-0',
    subdomain: 'db',
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } }],
  });
  if (first) await cluster.markReady(first);
  await appears(['db-0', 'db-1']);
  await settled();
  const claims = await cluster.client.list(PersistentVolumeClaim, { namespace: 'default' });
  expect(claims.items.map(({ metadata }) => metadata.name).sort()).toEqual(['data-db-0', 'data-db-1', 'data-db-2']);
  const { status } = await set();
  expect(status).toMatchObject({ replicas: 3, readyReplicas: 3, availableReplicas: 3, currentReplicas: 3, updatedReplicas: 3 });
  expect(status?.currentRevision).toBe(status?.updateRevision);
  await cluster.client.patch(StatefulSet, key, 'merge', { spec: { replicas: 1 } });
  await appears(['db-0']);
  expect((await cluster.client.list(PersistentVolumeClaim, { namespace: 'default' })).items).toHaveLength(3);
});

test('a parallel set starts and ends all at once', async () => {
  await create({ podManagementPolicy: 'Parallel' });
  await appears(['db-0', 'db-1', 'db-2']);
  await cluster.client.patch(StatefulSet, key, 'merge', { spec: { replicas: 0 } });
  await appears([]);
});

test('a pod that is deleted comes back under its name, once it is gone', async () => {
  await create({ replicas: 2, template: { ...template('db:1'), spec: { ...template('db:1').spec, terminationGracePeriodSeconds: 30 } } });
  await settled();
  const [before] = await pods();
  await cluster.client.patch(Pod, { namespace: 'default', name: 'db-0' }, 'merge', { metadata: { finalizers: ['test.local/keep'] } });
  await cluster.client.delete(Pod, { namespace: 'default', name: 'db-0' }, { gracePeriodSeconds: 0 });
  await cluster.eventually(async () => (await pods())[0]?.metadata.deletionTimestamp);
  await cluster.client.patch(Pod, { namespace: 'default', name: 'db-0' }, 'merge', { metadata: { finalizers: null } });
  await cluster.eventually(async () => {
    const [now] = await pods();
    return now?.metadata.name === 'db-0' && now.metadata.uid !== before?.metadata.uid;
  });
});

test('an update goes from the highest to the lowest, and back again by an old revision', async () => {
  await create();
  await settled();
  await cluster.client.patch(StatefulSet, key, 'strategic', { spec: { template: template('db:2') } });
  await cluster.eventually(async () => (await images()).includes('db:2'));
  expect((await pods()).find(({ spec }) => spec.containers[0]?.image === 'db:2')?.metadata.name).toBe('db-2');
  expect((await set()).status?.currentRevision).not.toBe((await set()).status?.updateRevision);
  await settled();
  expect(await images()).toEqual(['db:2', 'db:2', 'db:2']);
  const { items } = await cluster.client.list(ControllerRevision, { namespace: 'default' });
  const oldest = items.find(({ revision }) => revision === 1);
  await cluster.client.patch(StatefulSet, key, 'strategic', oldest?.data);
  await settled();
  expect(await images()).toEqual(['db:1', 'db:1', 'db:1']);
  const after = await cluster.client.list(ControllerRevision, { namespace: 'default' });
  expect(after.items.map(({ revision }) => revision).sort()).toEqual([2, 3]);
});

test('a partition keeps the lower ones as they are, also when they come back', async () => {
  await create({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } });
  await settled();
  await cluster.client.patch(StatefulSet, key, 'strategic', { spec: { template: template('db:2') } });
  await readyUntil(async () => (await images()).join() === 'db:1,db:1,db:2');
  await cluster.client.delete(Pod, { namespace: 'default', name: 'db-0' }, { gracePeriodSeconds: 0 });
  await readyUntil(async () => (await set()).status?.readyReplicas === 3 && (await images()).join() === 'db:1,db:1,db:2');
});

test('claims go with the set, or with pods that are scaled away, where it says so', async () => {
  await create({
    replicas: 2,
    volumeClaimTemplates: [claim],
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' },
  });
  await settled();
  const owners = async (name: string) =>
    (await cluster.client.get(PersistentVolumeClaim, { namespace: 'default', name })).metadata.ownerReferences?.map(({ kind }) => kind);
  await cluster.eventually(async () => (await owners('data-db-1'))?.join() === 'StatefulSet');
  await cluster.client.patch(StatefulSet, key, 'merge', { spec: { replicas: 1 } });
  await cluster.eventually(async () => {
    const { items } = await cluster.client.list(PersistentVolumeClaim, { namespace: 'default' });
    return (
      items
        .filter(({ metadata }) => !metadata.deletionTimestamp)
        .map(({ metadata }) => metadata.name)
        .join() === 'data-db-0'
    );
  });
});

test('what may not change is refused', async () => {
  await create();
  await expect(cluster.client.patch(StatefulSet, key, 'merge', { spec: { serviceName: 'other' } })).rejects.toThrow(
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  );
});
