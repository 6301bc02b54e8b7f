import { ControllerRevision, DaemonSet, Node, Pod } from '@berth/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestCluster, type TestCluster } from '../testing.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await startTestCluster();
  for (const name of ['a', 'b', 'c']) await addNode(name);
});
afterEach(() => cluster.stop());

const key = { namespace: 'default', name: 'agent' };
const labels = { app: 'agent' };

async function addNode(name: string, taints: NonNullable<Node['spec']>['taints'] = []): Promise<void> {
  const metadata = { name, labels: { disk: name === 'c' ? 'slow' : 'fast' } };
  await cluster.client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata, spec: { taints } });
}

function template(image: string, more: object = {}) {
  return { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image }], ...more } };
}

async function create(spec: Partial<DaemonSet['spec']> = {}): Promise<void> {
  await cluster.client.create(DaemonSet, {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: key,
    spec: { selector: { matchLabels: labels }, template: template('agent:1'), ...spec },
  });
}

async function pods(): Promise<Pod[]> {
  const { items } = await cluster.client.list(Pod, { namespace: 'default', labelSelector: 'app=agent' });
  return items.filter(({ metadata }) => !metadata.deletionTimestamp);
}

const nodeOf = ({ spec }: Pod) =>
  spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0];
const places = async () => (await pods()).map(nodeOf).sort().join('');
const images = async () => (await pods()).map(({ spec }) => spec.containers[0]?.image).sort();

/** Makes ready whatever is not, until the check holds: the part of the nodes. */
async function readyUntil(holds: () => Promise<boolean>): Promise<void> {
  await cluster.eventually(async () => {
    for (const pod of await pods()) if (!pod.status?.conditions?.length) await cluster.markReady(pod);
    return holds();
  });
}

const status = async () => (await cluster.client.get(DaemonSet, key)).status;

test('every node has one pod, and new nodes get theirs', async () => {
  await create();
  await readyUntil(async () => (await places()) === 'abc' && (await status())?.numberReady === 3);
  expect(await status()).toMatchObject({
    desiredNumberScheduled: 3,
    currentNumberScheduled: 3,
    numberAvailable: 3,
    updatedNumberScheduled: 3,
  });
  expect((await pods())[0]?.spec.tolerations).toContainEqual({
    key: 'node.kubernetes.io/unschedulable',
    operator: 'Exists',
    effect: 'NoSchedule',
  });
  await addNode('d');
  await cluster.eventually(async () => (await places()) === 'abcd');
  const [first] = await pods();
  if (first) await cluster.client.delete(Pod, first.metadata, { gracePeriodSeconds: 0 });
  await cluster.eventually(async () => (await places()) === 'abcd');
});

test('selectors and taints decide where', async () => {
  await addNode('t', [{ key: 'own', value: 'x', effect: 'NoSchedule' }]);
  await addNode('u', [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }]);
  await create({ template: template('agent:1', { nodeSelector: { disk: 'fast' } }) });
  await cluster.eventually(async () => (await places()) === 'abu');
  await cluster.client.patch(Node, { name: 'a' }, 'merge', { metadata: { labels: { disk: 'slow' } } });
  await cluster.eventually(async () => (await places()) === 'bu');
  await cluster.client.patch(Node, { name: 'b' }, 'merge', { spec: { taints: [{ key: 'own', effect: 'NoExecute' }] } });
  await cluster.eventually(async () => (await places()) === 'u');
});

test('an update takes one node after the other', async () => {
  await create();
  await readyUntil(async () => (await status())?.numberReady === 3);
  await cluster.client.patch(DaemonSet, key, 'strategic', { spec: { template: template('agent:2') } });
  await cluster.eventually(async () => (await images()).join() === 'agent:1,agent:1,agent:2');
  await readyUntil(async () => (await images()).join() === 'agent:2,agent:2,agent:2' && (await status())?.numberReady === 3);
  expect((await status())?.updatedNumberScheduled).toBe(3);
});

test('revisions have the label that their pods have, also those made before they had it', async () => {
  await create();
  await readyUntil(async () => (await status())?.numberReady === 3);
  const revision = async () => (await cluster.client.list(ControllerRevision, { namespace: 'default' })).items[0];
  const hash = (await pods())[0]?.metadata.labels?.['controller-revision-hash'];
  expect((await revision())?.metadata).toMatchObject({ name: `agent-${hash}`, labels: { ...labels, 'controller-revision-hash': hash } });
  const earlier = { 'controller-revision-hash': null, 'controller.kubernetes.io/hash': hash };
  const key = { namespace: 'default', name: `agent-${hash}` };
  await cluster.client.patch(ControllerRevision, key, 'merge', { metadata: { labels: earlier } });
  await cluster.eventually(async () => (await revision())?.metadata.labels?.['controller-revision-hash'] === hash);
  expect((await pods()).map(({ metadata }) => metadata.labels?.['controller-revision-hash'])).toEqual([hash, hash, hash]);
});

test('going back in the middle of an update restarts no pod that is still old', async () => {
  await create();
  await readyUntil(async () => (await status())?.numberReady === 3);
  const uids = async () => new Set((await pods()).map(({ metadata }) => metadata.uid));
  const before = await uids();
  await cluster.client.patch(DaemonSet, key, 'strategic', { spec: { template: template('agent:broken') } });
  await cluster.eventually(async () => (await images()).join() === 'agent:1,agent:1,agent:broken');
  await cluster.client.patch(DaemonSet, key, 'strategic', { spec: { template: template('agent:1') } });
  await readyUntil(async () => (await images()).join() === 'agent:1,agent:1,agent:1' && (await status())?.numberReady === 3);
  expect([...(await uids())].filter((uid) => before.has(uid))).toHaveLength(2);
});

test('an update that surges starts the new pod before the old one goes', async () => {
  await create({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
  await readyUntil(async () => (await status())?.numberReady === 3);
  await cluster.client.patch(DaemonSet, key, 'strategic', { spec: { template: template('agent:2') } });
  await cluster.eventually(async () => (await images()).join() === 'agent:1,agent:1,agent:1,agent:2');
  await readyUntil(async () => (await images()).join() === 'agent:2,agent:2,agent:2');
});

test('what is not to be updated waits until somebody deletes it', async () => {
  await create({ updateStrategy: { type: 'OnDelete' } });
  await readyUntil(async () => (await status())?.numberReady === 3);
  await cluster.client.patch(DaemonSet, key, 'strategic', { spec: { template: template('agent:2') } });
  await cluster.eventually(async () => (await status())?.updatedNumberScheduled === undefined);
  expect(await images()).toEqual(['agent:1', 'agent:1', 'agent:1']);
  const [first] = await pods();
  if (first) await cluster.client.delete(Pod, first.metadata, { gracePeriodSeconds: 0 });
  await cluster.eventually(async () => (await images()).join() === 'agent:1,agent:1,agent:2');
});
