// The life of ImageBuild objects in a cluster without agents: the test plays the node.
import {
  ConfigMap,
  CustomResourceDefinition,
  Event,
  establishedKinds,
  PersistentVolumeClaim,
  Pod,
  Secret,
  ServiceAccount,
} from '@berth/api';
import { isReason, type KindDefinition } from '@berth/machinery';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestCluster, type TestCluster } from '../testing.ts';
import { builderAccount } from './build-pod.ts';
import { builderPod } from './builder-pod.ts';
import { planBuild } from './controller.ts';
import { type ImageBuild, imageBuildDefinition } from './image-build-kind.ts';

const namespace = 'default';
const builderRequest = { namespace, registry: 'r', builderImage: 'r/b:1', memory: '1Gi', timeoutSeconds: 60, keepSeconds: 60 };
const digest = `sha256:${'a'.repeat(64)}`;
let cluster: TestCluster;
let kind: KindDefinition;

beforeAll(async () => {
  cluster = await startTestCluster();
  const definition = imageBuildDefinition({ registry: 'localhost:5055', builderImage: 'localhost:5055/berth/builder:1' });
  const { metadata } = await cluster.client.create(CustomResourceDefinition, definition);
  const data = { Dockerfile: 'FROM scratch', Other: 'FROM scratch' };
  await cluster.client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'files', namespace }, data });
  await cluster.client.create(Secret, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace }, data: { k: 'eA==' } });
  kind = await cluster.eventually(async () => establishedKinds(await cluster.client.get(CustomResourceDefinition, metadata))?.stored);
});
afterAll(() => cluster?.stop());

const buildOf = (name: string, spec: Partial<ImageBuild['spec']> = {}): ImageBuild => ({
  apiVersion: 'build.berth.io/v1alpha1',
  kind: 'ImageBuild',
  metadata: { name, namespace },
  spec: { image: 'app:1', source: { configMap: 'files' }, ...spec },
});
const create = (name: string, spec: Partial<ImageBuild['spec']> = {}) => cluster.client.create(kind, buildOf(name, spec));
const status = async (name: string) => ((await cluster.client.get(kind, { namespace, name })) as ImageBuild).status ?? {};
const becomes = (name: string, phase: string) =>
  cluster.eventually(async () => {
    const found = await status(name);
    return found.phase === phase && found;
  });
const podOf = (name: string) =>
  cluster.eventually(() =>
    cluster.client.get(Pod, { namespace, name: `${name}-build` }).catch((error: unknown) => {
      if (isReason(error, 'NotFound')) return undefined;
      throw error;
    }),
  );

async function setPod({ metadata }: Pod, phase: string, state: object): Promise<void> {
  const containerStatuses = [{ name: 'build', image: 'i', imageID: '', ready: false, restartCount: 0, state }];
  await cluster.client.patch(Pod, metadata, 'merge', { status: { phase, containerStatuses } }, { subresource: 'status' });
}

test('a build waits for what it needs, runs, says what it pushed, and keeps its pod until its time is over', async () => {
  await create('first', { dockerfile: 'Other', args: { A: '1' }, secret: { name: 's', keys: ['k'] } });
  const waiting = await becomes('first', 'Waiting');
  expect(waiting.conditions).toMatchObject([
    { type: 'Prepared', status: 'False', reason: 'NoAccount', message: expect.stringContaining('berth build --prepare -n default') },
  ]);
  await cluster.client.create(ServiceAccount, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: builderAccount, namespace } });
  const pod = await podOf('first');
  expect(pod.spec.containers[0]).toMatchObject({
    image: 'localhost:5055/berth/builder:1',
    args: ['--build-arg', 'A=1', '--secret', 'id=k,src=/run/build-secrets/k'],
  });
  expect(pod.metadata.ownerReferences).toMatchObject([{ kind: 'ImageBuild', name: 'first', controller: true }]);
  await setPod(pod, 'Running', { running: { startedAt: '2030-01-01T00:00:00Z' } });
  expect(await becomes('first', 'Running')).toMatchObject({
    podName: 'first-build',
    image: 'localhost:5055/default/app:1',
    conditions: [],
  });
  await setPod(pod, 'Succeeded', { terminated: { exitCode: 0, message: `berth-built ${digest} x` } });
  expect(await becomes('first', 'Complete')).toMatchObject({
    digest,
    completionTime: expect.any(String),
    conditions: [{ type: 'Complete', status: 'True', message: `localhost:5055/default/app:1@${digest} was pushed` }],
  });
});

test('a build that fails says what it wrote last, and one whose pod is deleted that', async () => {
  await create('broken');
  const pod = await podOf('broken');
  await setPod(pod, 'Failed', {
    terminated: { exitCode: 1, reason: 'Error', message: 'x\nError: building at STEP "RUN false": exit status 1\n' },
  });
  const failed = await becomes('broken', 'Failed');
  expect(failed.conditions).toMatchObject([
    { type: 'Failed', reason: 'Error', message: 'exit status 1: kubectl logs broken-build says more' },
  ]);
  await create('gone');
  const other = await podOf('gone');
  await becomes('gone', 'Pending');
  await cluster.client.delete(Pod, other.metadata, { gracePeriodSeconds: 0 });
  expect((await becomes('gone', 'Failed')).conditions).toMatchObject([{ type: 'Failed', reason: 'PodGone' }]);
});

test('a name that it may not push by fails it at once', async () => {
  await create('foreign', { image: 'localhost:5055/other/app' });
  expect((await becomes('foreign', 'Failed')).conditions).toMatchObject([
    { reason: 'InvalidImage', message: expect.stringContaining('push to localhost:5055/default/') },
  ]);
});

const eventsOf = (name: string) =>
  cluster.eventually(async () => {
    const { items } = await cluster.client.list(Event, { namespace, fieldSelector: `involvedObject.name=${name}` });
    return items.length > 0 && items.map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  });

test.each<[string, Partial<ImageBuild['spec']>, string, string]>([
  [
    'a ConfigMap',
    { source: { configMap: 'gone' } },
    'NoSource',
    'spec.source.configMap: there is no ConfigMap gone in the namespace default',
  ],
  ['a Dockerfile in it', { dockerfile: 'Third' }, 'NoSource', 'spec.source.configMap: ConfigMap files has no key Third'],
  ['a claim', { source: { claim: { name: 'gone' } } }, 'NoClaim', 'spec.source.claim.name: there is no PersistentVolumeClaim gone in'],
  ['a claim for layers', { cacheClaim: 'gone' }, 'NoClaim', 'spec.cacheClaim: there is no PersistentVolumeClaim gone in'],
  ['a Secret', { pushSecret: 'gone' }, 'NoSecret', 'spec.pushSecret: there is no Secret gone in the namespace default'],
  ['a key', { secret: { name: 's', keys: ['k', 'l'] } }, 'NoSecret', 'spec.secret: Secret s has no key l'],
])('a build waits for %s that is not there, and says so', async (_what, spec, reason, message) => {
  const name = `waits-${reason.toLowerCase()}-${Object.keys(spec).join('-').toLowerCase()}`;
  await create(name, spec);
  expect((await becomes(name, 'Waiting')).conditions).toMatchObject([
    { type: 'Prepared', status: 'False', reason, message: expect.stringContaining(message) },
  ]);
  expect(await eventsOf(name)).toEqual([expect.stringContaining(`Warning ${reason}: ${message}`)]);
});

test('it goes on once that is there, says what its pod waits for, and what became of it', async () => {
  await create('later', { source: { claim: { name: 'sources', path: 'app' } } });
  await becomes('later', 'Waiting');
  await cluster.client.create(PersistentVolumeClaim, {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'sources', namespace } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
  });
  const pod = await podOf('later');
  await setPod(pod, 'Pending', { waiting: { reason: 'ContainerCreating' } });
  expect((await becomes('later', 'Pending')).conditions).toEqual([]);
  await setPod(pod, 'Pending', { waiting: { reason: 'ErrImagePull', message: 'no such image' } });
  await cluster.eventually(async () => (await status('later')).conditions?.[0]?.message === 'no such image');
  await setPod(pod, 'Running', { running: { startedAt: '2030-01-01T00:00:00Z' } });
  expect((await becomes('later', 'Running')).conditions).toEqual([]);
  await setPod(pod, 'Failed', { terminated: { exitCode: 1, reason: 'Error', message: 'Error: broken\n' } });
  await becomes('later', 'Failed');
  const all = await cluster.eventually(async () => {
    const events = await eventsOf('later');
    return events.length >= 4 && events;
  });
  expect([...all].sort()).toEqual([
    'Normal Started: pod later-build builds it: kubectl logs -f later-build',
    'Warning ErrImagePull: no such image',
    'Warning Error: broken: kubectl logs later-build says more',
    'Warning NoClaim: spec.source.claim.name: there is no PersistentVolumeClaim sources in the namespace default',
  ]);
});

test('of an image’s builds that have ended, as many stay as the latest says', async () => {
  for (const name of ['h1', 'h2', 'h3']) {
    await create(name, { image: `history:${name}`, historyLimit: 2 });
    await setPod(await podOf(name), 'Succeeded', { terminated: { exitCode: 0, message: `berth-built ${digest} x` } });
    if (name !== 'h3') await becomes(name, 'Complete');
  }
  const left = async () =>
    (await cluster.client.list(kind, { namespace })).items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith('h'));
  await cluster.eventually(async () => (await left()).join() === 'h2,h3');
});

test('once its time is over it goes, and its pod with it', async () => {
  await create('short', { ttlSecondsAfterFinished: 0 });
  await setPod(await podOf('short'), 'Succeeded', { terminated: { exitCode: 0, message: `berth-built ${digest} x` } });
  await cluster.eventually(async () =>
    (await cluster.client.list(kind, { namespace })).items.every(({ metadata }) => metadata.name !== 'short'),
  );
  await cluster.eventually(async () =>
    (await cluster.client.list(Pod, { namespace })).items.every(({ metadata }) => metadata.name !== 'short-build'),
  );
});

test('a builder that has ended is removed, one that waits stays', async () => {
  const made = (name: string) => ({ ...builderPod({ ...builderRequest, name }), status: {} });
  for (const name of ['builder-idle', 'builder-over']) await cluster.client.create(Pod, made(name));
  await setPod(made('builder-over'), 'Succeeded', { terminated: { exitCode: 0 } });
  const names = async () => (await cluster.client.list(Pod, { namespace })).items.map(({ metadata }) => metadata.name);
  await cluster.eventually(async () => !(await names()).includes('builder-over'));
  expect(await names()).toContain('builder-idle');
});

test.each([
  [{ source: {} }, 'exactly one of image, configMap and claim must be set'],
  [{ source: { configMap: 'a', image: 'b' } }, 'exactly one of'],
  [{ source: { claim: { name: 'a', path: '../b' } } }, 'spec.source.claim.path'],
  [{ dockerfile: '/etc/passwd' }, 'spec.dockerfile'],
  [{ memory: 'much' }, 'spec.memory'],
])('%j is refused', async (spec, message) => {
  await expect(create('refused', spec)).rejects.toThrow(message);
});

test('a build cannot change', async () => {
  await create('fixed', { source: { image: 'i' } });
  const change = cluster.client.patch(kind, { namespace, name: 'fixed' }, 'merge', { spec: { image: 'other' } });
  await expect(change).rejects.toThrow('spec is immutable: create another ImageBuild');
});

test('one that has ended is looked at again when its time is over, and not before', () => {
  const build = { ...buildOf('old', { ttlSecondsAfterFinished: 60 }), status: { completionTime: '2030-01-01T00:00:00Z' } };
  const observed = {
    kind,
    build,
    registry: 'r',
    builderImage: 'b',
    hasAccount: true,
    pod: undefined,
    missing: undefined,
    history: { later: 0, limit: 1 },
  };
  expect(planBuild(observed, Date.parse('2030-01-01T00:00:59Z'))).toEqual([{ type: 'requeue', afterMs: 1000 }]);
  expect(planBuild(observed, Date.parse('2030-01-01T00:01:00Z'))).toMatchObject([{ type: 'delete', propagationPolicy: 'Background' }]);
});
