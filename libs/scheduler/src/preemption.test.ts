// The whole turn of a preemption against an API server in one process; the test ends pods as their nodes would.
import { Event, Node, PersistentVolumeClaim, Pod, PodDisruptionBudget, PriorityClass, StorageClass } from '@berth/api';
import { componentUsers } from '@berth/apiserver/core';
import { startTestServer } from '@berth/apiserver/testing';
import type { Client } from '@berth/client';
import { StatusError } from '@berth/machinery';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Scheduler } from './scheduler.ts';

let client: Client;
let registry: Registry;
let startScheduler: () => Promise<Scheduler>;
/** What the scheduler is to see of deletions instead of the API's answer. */
let beforeDeleting: (podName: string) => void;
/** What happens before the scheduler reads a pod. */
let beforeReading: (podName: string) => Promise<unknown>;
let stop: () => Promise<void>;
let scheduler: Scheduler;

beforeEach(async () => {
  const started = await startTestServer();
  client = started.client;
  beforeDeleting = () => {};
  beforeReading = async () => {};
  startScheduler = async () => {
    registry = new Registry();
    const own = spied(started.server.localClient(componentUsers.scheduler));
    const next = new Scheduler({ client: own, clock: systemClock, random: seededRandom(7), logger: silentLogger, registry });
    await next.start();
    return next;
  };
  scheduler = await startScheduler();
  stop = async () => {
    await scheduler.stop();
    await started.server.stop();
  };
  for (const [name, value] of Object.entries({ low: 1, middle: 5, high: 9 })) {
    await client.create(PriorityClass, { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value });
  }
});

afterEach(() => stop());

function spied(own: Client): Client {
  return new Proxy(own, {
    get(target, property, receiver) {
      const read: Client['get'] = async (kind, key) => {
        await beforeReading(key.name);
        return target.get(kind, key);
      };
      if (property === 'get') return read;
      if (property !== 'delete') return Reflect.get(target, property, receiver).bind(target);
      const remove: Client['delete'] = async (kind, key, options) => {
        beforeDeleting(key.name);
        return target.delete(kind, key, options);
      };
      return remove;
    },
  });
}

async function addNode(name: string): Promise<void> {
  const amounts = { cpu: '1', memory: '8Gi', pods: '110' };
  const labels = { 'kubernetes.io/hostname': name };
  await client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: {} });
  await client.patch(Node, { name }, 'merge', { spec: { taints: null } });
  await client.patch(Node, { name }, 'merge', { status: { capacity: amounts, allocatable: amounts } }, { subresource: 'status' });
}

/** One that takes a whole node. */
async function addPod(name: string, priorityClassName: string, spec: Partial<Pod['spec']> = {}): Promise<Pod> {
  const containers = [{ name: 'main', image: 'registry.local/web:1', resources: { requests: { cpu: '1' } } }];
  const metadata = { name, namespace: 'default', labels: { app: name } };
  return client.create(Pod, { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers, priorityClassName, ...spec } });
}

const key = (name: string) => ({ namespace: 'default', name });
const read = (name: string) => client.get(Pod, key(name));
const waitMs = { timeout: 10_000, interval: 10 };
const whenBound = (name: string) => vi.waitFor(async () => expect((await read(name)).spec.nodeName).toBeTruthy(), waitMs);
const whenGoing = (name: string) => vi.waitFor(async () => expect((await read(name)).metadata.deletionTimestamp).toBeTruthy(), waitMs);
const nominated = async (name: string) => (await read(name)).status?.nominatedNodeName;
const whenNominated = (name: string) => vi.waitFor(async () => expect(await nominated(name)).toBeTruthy(), waitMs);
const condition = async (name: string, wanted: string) => (await read(name)).status?.conditions?.find(({ type }) => type === wanted);
const ends = (name: string) => client.delete(Pod, key(name), { gracePeriodSeconds: 0 });
const events = async (name: string) =>
  (await client.list(Event, { namespace: 'default' })).items.filter(({ involvedObject }) => involvedObject.name === name);

test('a pod of higher priority is nominated, its victim marked and deleted, and it is bound once that is gone, before lower ones', async () => {
  await addNode('a');
  await addPod('victim', 'low');
  await whenBound('victim');
  const { metadata } = await addPod('preemptor', 'high');
  await whenGoing('victim');
  await whenNominated('preemptor');
  expect(await condition('victim', 'DisruptionTarget')).toMatchObject({
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: 'default-scheduler: preempting to accommodate a higher priority pod',
    observedGeneration: 1,
  });
  expect((await read('victim')).metadata.deletionGracePeriodSeconds).toBe(30);
  await vi.waitFor(async () => {
    const said = (await events('victim')).filter(({ reason }) => reason === 'Preempted');
    expect(said.map(({ type, message }) => [type, message])).toEqual([['Normal', `Preempted by pod ${metadata.uid} on node a`]]);
    const refused = (await events('preemptor')).map(({ reason, message }) => [reason, message]);
    expect(refused[0]).toEqual(['FailedScheduling', '0/1 nodes are available: 1 Insufficient cpu.']);
  }, waitMs);
  await addPod('lower', 'middle');
  await vi.waitFor(async () => expect((await condition('lower', 'PodScheduled'))?.reason).toBe('Unschedulable'), waitMs);
  expect((await read('preemptor')).spec.nodeName).toBeUndefined();
  await ends('victim');
  await whenBound('preemptor');
  expect(await nominated('preemptor')).toBeUndefined();
  expect((await read('lower')).spec.nodeName).toBeUndefined();
  const metrics = await registry.metrics();
  expect(metrics).toContain('scheduler_preemption_victims_sum 1');
  expect(metrics).toContain('scheduler_preemption_victims_bucket{le="64"} 1');
  expect(metrics).toMatch(/scheduler_preemption_attempts_total [2-9]/);
});

test('nobody is removed for a pod whose policy is Never, nor against a budget while others will do', async () => {
  await addNode('a');
  await addPod('kept', 'low');
  await whenBound('kept');
  const polite = { metadata: { name: 'polite' }, value: 9, preemptionPolicy: 'Never' as const };
  await client.create(PriorityClass, { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', ...polite });
  await addPod('never', 'polite');
  const never = '0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.';
  await vi.waitFor(async () => expect((await condition('never', 'PodScheduled'))?.message).toBe(never), waitMs);
  await ends('never');
  await addNode('b');
  await addPod('spare', 'middle');
  await whenBound('spare');
  const spec = { selector: { matchLabels: { app: 'kept' } }, minAvailable: 1 };
  await client.create(PodDisruptionBudget, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: key('kept'), spec });
  await addPod('preemptor', 'high');
  await whenGoing('spare');
  expect((await read('kept')).metadata.deletionTimestamp).toBeUndefined();
  expect(await nominated('preemptor')).toBe('b');
});

test('a pod that waits for its volume on the node goes as well, and without a trace of it being bound', async () => {
  await addNode('a');
  await client.create(StorageClass, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'waits' },
    provisioner: 'berth.dev/local',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  await client.create(PersistentVolumeClaim, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: key('data'),
    spec: { storageClassName: 'waits', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  await addPod('victim', 'low', { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] });
  const selected = async () => (await client.get(PersistentVolumeClaim, key('data'))).metadata.annotations;
  await vi.waitFor(async () => expect(await selected()).toMatchObject({ 'volume.kubernetes.io/selected-node': 'a' }), waitMs);
  await addPod('preemptor', 'high');
  await whenBound('preemptor');
  await expect(read('victim')).rejects.toMatchObject({ code: 404 });
});

test('room is made for whoever is most important: a lower one loses its nomination', async () => {
  await addNode('a');
  await addPod('victim', 'low');
  await whenBound('victim');
  await addPod('second', 'middle');
  await whenNominated('second');
  await addPod('first', 'high');
  await whenNominated('first');
  await vi.waitFor(async () => expect(await nominated('second')).toBeUndefined(), waitMs);
  await ends('victim');
  await whenBound('first');
  expect((await read('second')).spec.nodeName).toBeUndefined();
});

test('a nomination is kept by the scheduler that comes after', async () => {
  await addNode('a');
  await addPod('victim', 'low');
  await whenBound('victim');
  await addPod('preemptor', 'middle');
  await whenGoing('victim');
  await whenNominated('preemptor');
  await scheduler.stop();
  await addPod('equal', 'middle');
  await ends('victim');
  scheduler = await startScheduler();
  await whenBound('preemptor');
  expect((await read('equal')).spec.nodeName).toBeUndefined();
});

test('a victim that could not be deleted is tried again', async () => {
  await addNode('a');
  await addPod('victim', 'low');
  await whenBound('victim');
  let failures = 1;
  beforeDeleting = () => {
    if (failures-- > 0) throw StatusError.unavailable('the store is away');
  };
  await addPod('preemptor', 'high');
  await whenGoing('victim');
  expect(failures).toBeLessThan(0);
  await ends('victim');
  await whenBound('preemptor');
});

test('nobody is removed for a pod that somebody else has bound meanwhile', async () => {
  await addNode('a');
  await addPod('kept', 'low');
  await whenBound('kept');
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  beforeReading = async (name) => {
    beforeReading = async () => {};
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target: { kind: 'Node', name: 'a' } };
    await client.createSubresource(Pod, key(name), 'binding', binding);
    resolve();
  };
  await addPod('preemptor', 'high');
  await asked;
  // A later preemption is decided and carried out after what is left of this one.
  await addPod('later', 'high');
  const placed = () => condition('later', 'PodScheduled');
  await vi.waitFor(async () => expect((await placed())?.reason).toBe('Unschedulable'), waitMs);
  expect(await nominated('preemptor')).toBeUndefined();
  expect(await condition('preemptor', 'PodScheduled')).toMatchObject({ status: 'True' });
  expect((await read('kept')).metadata.deletionTimestamp).toBeUndefined();
});
