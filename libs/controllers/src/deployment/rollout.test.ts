// Deployments in a cluster of API and controllers: rollouts as kubectl's users see them.
import { Deployment, Event, Node, Pod, ReplicaSet } from '@berth/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isActive } from '../pod-state.ts';
import { startTestCluster, type TestCluster } from '../testing.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
});
afterAll(async () => {
  await cluster.stop();
});

function deployment(name: string, spec: Partial<Deployment['spec']> = {}): Deployment {
  const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'web:1' }] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: { replicas: 2, selector: { matchLabels: { app: name } }, template, ...spec },
  };
}

async function pods(app: string): Promise<Pod[]> {
  return (await cluster.client.list(Pod, { namespace: 'default', labelSelector: `app=${app}` })).items.filter(isActive);
}

async function replicaSets(app: string): Promise<ReplicaSet[]> {
  return (await cluster.client.list(ReplicaSet, { namespace: 'default', labelSelector: `app=${app}` })).items;
}

const reload = (name: string) => cluster.client.get(Deployment, { namespace: 'default', name });
const condition = (object: Deployment, type: string) => object.status?.conditions?.find((found) => found.type === type);

/** Plays the agents: every pod becomes ready until the deployment says that it is through. */
async function rollOut(name: string): Promise<Deployment> {
  return cluster.eventually(async () => {
    for (const pod of await pods(name)) if (pod.status?.phase !== 'Running') await cluster.markReady(pod);
    const { status, metadata } = await reload(name);
    const isCurrent = status?.observedGeneration === metadata.generation && status?.updatedReplicas === status?.replicas;
    const found = { status, metadata } as Deployment;
    return isCurrent && condition(found, 'Progressing')?.reason === 'NewReplicaSetAvailable' && !status?.unavailableReplicas && found;
  });
}

const setImage = (name: string, image: string) =>
  cluster.client.patch(Deployment, { namespace: 'default', name }, 'strategic', {
    spec: { template: { spec: { containers: [{ name: 'main', image }] } } },
  });

test('rolls out, rolls to a new image within its limits, and back to the old one as a new revision', async () => {
  await cluster.client.create(Deployment, deployment('web', { replicas: 4 }));
  const first = await rollOut('web');
  expect(condition(first, 'Available')).toMatchObject({ status: 'True', reason: 'MinimumReplicasAvailable' });
  expect(first.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('1');
  const [one] = await replicaSets('web');
  expect(condition(first, 'Progressing')?.message).toBe(`ReplicaSet "${one?.metadata.name}" has successfully progressed.`);

  await setImage('web', 'web:2');
  await cluster.eventually(async () => (await replicaSets('web')).length === 2 && (await pods('web')).length === 5);
  // Nothing more happens until a new pod is ready: 4 + 25 % in all, 4 - 25 % available.
  const sizes = (await replicaSets('web')).map(({ spec }) => spec.replicas).sort();
  expect(sizes).toEqual([2, 3]);
  const second = await rollOut('web');
  expect(second.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2');
  expect((await pods('web')).map(({ spec }) => spec.containers[0]?.image)).toEqual(Array(4).fill('web:2'));

  await setImage('web', 'web:1');
  const third = await rollOut('web');
  expect(third.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('3');
  const rolledBack = (await replicaSets('web')).find(({ metadata }) => metadata.name === one?.metadata.name);
  expect(rolledBack?.metadata.annotations).toMatchObject({
    'deployment.kubernetes.io/revision': '3',
    'deployment.kubernetes.io/revision-history': '1',
  });
  const events = (await cluster.client.list(Event, { namespace: 'default' })).items.map(({ message }) => message);
  expect(events).toContain(`Scaled up replica set ${one?.metadata.name} from 0 to 4`);
});

test('Recreate starts nothing new before the last old pod is gone', async () => {
  // On a node: what is deleted without one is said to have ended.
  await cluster.client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } } as Node);
  const made = deployment('solo', { strategy: { type: 'Recreate' } });
  Object.assign(made.spec.template.spec ?? {}, { nodeName: 'n1', terminationGracePeriodSeconds: 0 });
  await cluster.client.create(Deployment, made);
  await rollOut('solo');
  const [held] = await pods('solo');
  const key = { namespace: 'default', name: held?.metadata.name ?? '' };
  await cluster.client.patch(Pod, key, 'merge', { metadata: { finalizers: ['test.local/hold'] } });
  await setImage('solo', 'web:2');
  const all = async () => (await cluster.client.list(Pod, { namespace: 'default', labelSelector: 'app=solo' })).items;
  await cluster.eventually(async () => {
    const { status, metadata } = await reload('solo');
    return status?.observedGeneration === metadata.generation && (await all()).length === 1 && (await pods('solo')).length === 0;
  });
  // The old one is leaving and not gone: there is no second replica set, and so no new pod.
  expect((await replicaSets('solo')).map(({ spec }) => spec.replicas)).toEqual([0]);
  await cluster.client.patch(Pod, key, 'merge', { metadata: { finalizers: null } });
  await rollOut('solo');
  expect((await all()).map(({ spec }) => spec.containers[0]?.image)).toEqual(['web:2', 'web:2']);
});

test('a paused deployment is scaled but not rolled out', async () => {
  await cluster.client.create(Deployment, deployment('still'));
  await rollOut('still');
  await cluster.client.patch(Deployment, { namespace: 'default', name: 'still' }, 'merge', { spec: { paused: true } });
  await setImage('still', 'web:2');
  await cluster.client.patch(Deployment, { namespace: 'default', name: 'still' }, 'merge', { spec: { replicas: 3 } });
  await cluster.eventually(async () => (await pods('still')).length === 3);
  expect(await replicaSets('still')).toHaveLength(1);
  expect(condition(await reload('still'), 'Progressing')).toMatchObject({ reason: 'DeploymentPaused' });
  await cluster.client.patch(Deployment, { namespace: 'default', name: 'still' }, 'merge', { spec: { paused: false } });
  await rollOut('still');
  expect(await replicaSets('still')).toHaveLength(2);
});
