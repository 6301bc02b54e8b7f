// The scheduler against a whole API server in one process.
import { Event, Node, PersistentVolumeClaim, Pod, StorageClass } from '@berth/api';
import { componentUsers } from '@berth/apiserver/core';
import { startTestServer } from '@berth/apiserver/testing';
import type { Client } from '@berth/client';
import { StatusError } from '@berth/machinery';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Scheduler } from './scheduler.ts';

let client: Client;
let scheduler: Scheduler;
/** What the scheduler is to see of bindings instead of the API's answer. */
let beforeBinding: (podName: string) => Promise<void>;
const registry = new Registry();
let stop: () => Promise<void>;

beforeEach(async () => {
  const started = await startTestServer();
  client = started.client;
  beforeBinding = async () => {};
  const own = spied(started.server.localClient(componentUsers.scheduler));
  scheduler = new Scheduler({ client: own, clock: systemClock, random: seededRandom(7), logger: silentLogger, registry });
  await scheduler.start();
  stop = async () => {
    await scheduler.stop();
    await started.server.stop();
  };
});

afterEach(() => stop());

function spied(own: Client): Client {
  return new Proxy(own, {
    get(target, property, receiver) {
      if (property !== 'createSubresource') return Reflect.get(target, property, receiver).bind(target);
      const create: Client['createSubresource'] = async (kind, key, ...rest) => {
        await beforeBinding(key.name);
        return target.createSubresource(kind, key, ...rest);
      };
      return create;
    },
  });
}

function node(name: string, parts: Partial<Node['spec']> = {}, allocatable: Record<string, string> = {}): Node {
  const amounts = { cpu: '4', memory: '8Gi', pods: '110', ...allocatable };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    spec: parts,
    status: { capacity: amounts, allocatable: amounts },
  };
}

async function addNode(object: Node): Promise<void> {
  await client.create(Node, object);
  // As the node controller does once the node is ready.
  await client.patch(Node, { name: object.metadata.name }, 'merge', { spec: { taints: object.spec.taints ?? null } });
  const status = { status: object.status };
  await client.patch(Node, { name: object.metadata.name }, 'merge', status, { subresource: 'status' });
}

function pod(name: string, spec: Partial<Pod['spec']> = {}, cpu = '10m'): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: 'web' } },
    spec: { containers: [{ name: 'main', image: 'registry.local/web:1', resources: { requests: { cpu } } }], ...spec },
  };
}

const read = (name: string) => client.get(Pod, { namespace: 'default', name });
const waitMs = { timeout: 10_000, interval: 20 };
const whenBound = (name: string) => vi.waitFor(async () => expect((await read(name)).spec.nodeName).toBeTruthy(), waitMs);

test('a pod gets the emptier node, an event, and an explanation', async () => {
  await addNode(node('big'));
  await addNode(node('small', {}, { cpu: '1' }));
  const { metadata } = await client.create(Pod, pod('a', {}, '500m'));
  await whenBound('a');
  expect((await read('a')).spec.nodeName).toBe('big');
  await vi.waitFor(async () => {
    const { items } = await client.list(Event, { namespace: 'default' });
    expect(items.map(({ reason, message, source }) => [reason, message, source?.component])).toEqual([
      ['Scheduled', 'Successfully assigned default/a to big', 'default-scheduler'],
    ]);
  }, waitMs);
  expect(scheduler.decisions.get('default', 'a')).toMatchObject({
    podUID: metadata.uid,
    nodeName: 'big',
    nodes: { total: 2, feasible: 2 },
  });
  expect(await registry.metrics()).toContain('scheduler_schedule_attempts_total{result="scheduled",profile="default-scheduler"} 1');
});

test('a pod that fits nowhere says why, and is bound once a node comes that it fits', async () => {
  await client.create(Pod, pod('a', {}, '2'));
  const message = () => read('a').then(({ status }) => status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message);
  await vi.waitFor(async () => expect(await message()).toBe('no nodes available to schedule pods'), waitMs);
  await addNode(node('small', {}, { cpu: '1' }));
  const expected =
    '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
  await vi.waitFor(async () => expect(await message()).toBe(expected), waitMs);
  await addNode(node('big'));
  await whenBound('a');
  const { spec, status } = await read('a');
  expect(spec.nodeName).toBe('big');
  expect(status?.conditions?.map(({ type, status }) => [type, status])).toEqual([['PodScheduled', 'True']]);
});

test('a pod that waits for room gets in once another is resized to less, and its node has done so', async () => {
  await addNode(node('small', {}, { cpu: '1' }));
  await client.create(Pod, pod('large', {}, '800m'));
  await whenBound('large');
  const key = { namespace: 'default', name: 'large' };
  const runsWith = (cpu: string) => ({
    status: {
      containerStatuses: [{ name: 'main', ready: true, restartCount: 0, image: 'x', imageID: '', resources: { requests: { cpu } } }],
    },
  });
  await client.patch(Pod, key, 'merge', runsWith('800m'), { subresource: 'status' });
  await client.create(Pod, pod('waits', {}, '500m'));
  const reason = () => read('waits').then(({ status }) => status?.conditions?.find(({ type }) => type === 'PodScheduled')?.reason);
  await vi.waitFor(async () => expect(await reason()).toBe('Unschedulable'), waitMs);
  const patch = { spec: { containers: [{ name: 'main', resources: { requests: { cpu: '400m' } } }] } };
  await client.patch(Pod, key, 'strategic', patch, { subresource: 'resize' });
  expect((await read('waits')).spec.nodeName).toBeUndefined();
  await client.patch(Pod, key, 'merge', runsWith('400m'), { subresource: 'status' });
  await whenBound('waits');
});

test('500 pods spread evenly over 10 nodes', async () => {
  for (let i = 0; i < 10; i++) await addNode(node(`node-${i}`));
  await Promise.all(Array.from({ length: 500 }, (_, i) => client.create(Pod, pod(`pod-${i}`))));
  await vi.waitFor(async () => {
    const { items } = await client.list(Pod, { namespace: 'default' });
    const counts = new Map<string, number>();
    for (const { spec } of items) counts.set(spec.nodeName ?? '', (counts.get(spec.nodeName ?? '') ?? 0) + 1);
    expect([...counts.values()]).toEqual(new Array(10).fill(50));
  }, waitMs);
});

test('gated pods and those of other schedulers wait; opening the gate lets one in', async () => {
  await addNode(node('a'));
  await client.create(Pod, pod('gated', { schedulingGates: [{ name: 'example.com/wait' }] }));
  await client.create(Pod, pod('other', { schedulerName: 'other' }));
  await client.create(Pod, pod('plain'));
  await whenBound('plain');
  expect((await read('gated')).spec.nodeName).toBeUndefined();
  await client.patch(Pod, { namespace: 'default', name: 'gated' }, 'json', [{ op: 'remove', path: '/spec/schedulingGates' }]);
  await whenBound('gated');
  expect((await read('other')).spec.nodeName).toBeUndefined();
});

test('a binding that fails is taken back and tried again; what was assumed is free meanwhile', async () => {
  await addNode(node('a', {}, { cpu: '1' }));
  let failures = 1;
  beforeBinding = async () => {
    if (failures-- > 0) throw StatusError.unavailable('the store is away');
  };
  await client.create(Pod, pod('first', {}, '1'));
  await whenBound('first');
  expect(await registry.metrics()).toContain('scheduler_schedule_attempts_total{result="error",profile="default-scheduler"} 1');
});

test('a pod that somebody else binds stays where it was put, and its room is counted there', async () => {
  await addNode(node('a', {}, { cpu: '1' }));
  await addNode(node('b', { unschedulable: true }, { cpu: '1' }));
  beforeBinding = async (name) => {
    if (name !== 'first') return;
    beforeBinding = async () => {};
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target: { kind: 'Node', name: 'b' } };
    await client.createSubresource(Pod, { namespace: 'default', name }, 'binding', binding);
  };
  await client.create(Pod, pod('first', {}, '1'));
  await whenBound('first');
  await client.create(Pod, pod('second', {}, '1'));
  await whenBound('second');
  expect((await read('first')).spec.nodeName).toBe('b');
  expect((await read('second')).spec.nodeName).toBe('a');
});

test('a claim that waits for its pod gets the node first, and the pod is bound once the claim is', async () => {
  await addNode(node('a'));
  await client.create(StorageClass, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'waits' },
    provisioner: 'berth.dev/local',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
  await client.create(Pod, pod('a', { volumes }));
  const message = () => read('a').then(({ status }) => status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message);
  await vi.waitFor(async () => expect(await message()).toMatch('persistentvolumeclaim "data" not found. preemption:'), waitMs);
  const key = { namespace: 'default', name: 'data' };
  await client.create(PersistentVolumeClaim, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: key,
    spec: { storageClassName: 'waits', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  const selected = async () => (await client.get(PersistentVolumeClaim, key)).metadata.annotations?.['volume.kubernetes.io/selected-node'];
  await vi.waitFor(async () => expect(await selected()).toBe('a'), waitMs);
  expect((await read('a')).spec.nodeName).toBeUndefined();
  await client.patch(PersistentVolumeClaim, key, 'merge', { spec: { volumeName: 'pv-1' } });
  await client.patch(PersistentVolumeClaim, key, 'merge', { status: { phase: 'Bound' } }, { subresource: 'status' });
  await whenBound('a');
});

test('a claim of two pods gets its volume for one of them, and the other may not choose again meanwhile', async () => {
  for (const name of ['a', 'b']) await addNode(node(name));
  await client.create(StorageClass, {
    ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'waits' } },
    ...{ provisioner: 'berth.dev/local', volumeBindingMode: 'WaitForFirstConsumer' },
  });
  const key = { namespace: 'default', name: 'data' };
  await client.create(PersistentVolumeClaim, {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: key },
    spec: { storageClassName: 'waits', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  const selected = async () => (await client.get(PersistentVolumeClaim, key)).metadata.annotations?.['volume.kubernetes.io/selected-node'];
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
  const on = (name: string) => pod(name, { volumes, nodeSelector: { 'kubernetes.io/hostname': name } });
  await client.create(Pod, on('a'));
  await vi.waitFor(async () => expect(await selected()).toBe('a'), waitMs);
  await client.create(Pod, on('b'));
  const messages = async () => (await client.list(Event, { namespace: 'default' })).items.map(({ message }) => message);
  await vi.waitFor(async () => expect(await messages()).toContain('claim default/data gets its volume on node a, for another pod'), waitMs);
  expect(await selected()).toBe('a');
  await client.patch(PersistentVolumeClaim, key, 'merge', { spec: { volumeName: 'pv-1' } });
  await client.patch(PersistentVolumeClaim, key, 'merge', { status: { phase: 'Bound' } }, { subresource: 'status' });
  await whenBound('a');
});
