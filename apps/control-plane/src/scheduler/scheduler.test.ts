// The scheduler against a whole API server in one process.
import { Event, Node, Pod } from '@berth/api';
import type { Client } from '@berth/client';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { componentUsers } from '../api/core/index.ts';
import { startTestServer } from '../api/core/test-server.ts';
import { Scheduler } from './scheduler.ts';

let client: Client;
let scheduler: Scheduler;
const registry = new Registry();
let stop: () => Promise<void>;

beforeEach(async () => {
  const started = await startTestServer();
  client = started.client;
  const own = started.server.localClient(componentUsers.scheduler);
  scheduler = new Scheduler({ client: own, clock: systemClock, random: seededRandom(7), logger: silentLogger, registry });
  await scheduler.start();
  stop = async () => {
    await scheduler.stop();
    await started.server.stop();
  };
});

afterEach(() => stop());

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
  expect(scheduler.explain(metadata.uid ?? '')).toMatchObject({ nodeName: 'big', feasibleCount: 2 });
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
