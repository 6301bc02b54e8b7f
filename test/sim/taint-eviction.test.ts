// What a lost node costs, in a whole cluster on simulated time: its pods after five minutes, and nothing when it was the control
// plane that was away, however long, or no node is left that gives a sign.
import { Node, Pod } from '@berth/api';
import type { Client } from '@berth/client';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noFaults } from './faulty-store.ts';
import { SimulatedCluster } from './simulated-cluster.ts';

const minuteMs = 60_000;
let cluster: SimulatedCluster;

beforeEach(async () => {
  cluster = new SimulatedCluster(1, 2);
  await cluster.start();
  await until(async () => (await list(Node)).length === 2);
  // Past the time that agents may take to connect.
  await cluster.clock.advance(2 * minuteMs);
});

afterEach(() => {
  for (const node of cluster.nodes) node.crashAgent();
  cluster.crashControlPlane();
});

function client(): Client {
  const found = cluster.client();
  if (!found) throw new Error('the control plane is away');
  return found;
}

async function list<T extends KubeObject>(kind: KindDefinition<T>): Promise<T[]> {
  return (await answered(client().list(kind))).items;
}

/** Lets time pass until the promise is settled. */
async function answered<T>(promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const noted = promise.finally(() => {
    isSettled = true;
  });
  noted.catch(() => undefined);
  if (!(await cluster.clock.runUntil(() => isSettled, 60_000))) throw new Error('a request was not answered within a minute');
  return noted;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let second = 0; second < 120; second++) {
    if (await holds()) return;
    await cluster.clock.advance(1_000);
  }
  throw new Error(`within two minutes, this did not hold: ${holds}`);
}

/** @param tolerationSeconds of silence; the default of the cluster when absent */
async function runPod(name: string, tolerationSeconds?: number): Promise<void> {
  const tolerations = ['not-ready', 'unreachable'].map((what) => ({
    ...{ key: `node.kubernetes.io/${what}`, operator: 'Exists', effect: 'NoExecute' },
    tolerationSeconds: tolerationSeconds ?? 0,
  }));
  const spec = {
    nodeName: 'node-0',
    containers: [{ name: 'main', image: 'web:1' }],
    ...(tolerationSeconds !== undefined && { tolerations }),
  };
  await answered(client().create(Pod, { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec }));
  await until(async () => (await podNamed(name))?.status?.phase === 'Running');
}

async function podNamed(name: string): Promise<Pod | undefined> {
  return (await list(Pod)).find(({ metadata }) => metadata.name === name);
}

async function isTainted(): Promise<boolean> {
  const node = (await list(Node)).find(({ metadata }) => metadata.name === 'node-0');
  return node?.spec.taints?.some(({ effect }) => effect === 'NoExecute') ?? false;
}

async function isLeaving(name: string): Promise<boolean> {
  const pod = await podNamed(name);
  return pod === undefined || pod.metadata.deletionTimestamp !== undefined;
}

test('a node that stays silent loses its pods when their time is over, counted from its taint', async () => {
  await runPod('patient');
  await runPod('short', 30);
  cluster.nodes[0]?.partition(true);
  await until(isTainted);
  const taintedMs = cluster.clock.monotonicMs();
  const after = async (seconds: number) => cluster.clock.advance(taintedMs + seconds * 1_000 - cluster.clock.monotonicMs());
  await after(90);
  expect([await isLeaving('patient'), await isLeaving('short')]).toEqual([false, true]);
  await after(297);
  expect(await isLeaving('patient')).toBe(false);
  await after(302);
  expect(await isLeaving('patient')).toBe(true);
});

test('no pod is lost when the control plane is away for ten minutes and the agent comes back a minute after it', async () => {
  await runPod('patient');
  await runPod('short', 30);
  await runPod('impatient', 0);
  const uids = [(await podNamed('patient'))?.metadata.uid, (await podNamed('short'))?.metadata.uid];
  cluster.nodes[0]?.partition(true);
  await until(isTainted);
  // Those that tolerate no silence go at once, as they ask to.
  await until(() => isLeaving('impatient'));
  await cluster.clock.advance(10_000);
  cluster.crashControlPlane();
  await cluster.clock.advance(10 * minuteMs);
  cluster.startControlPlane();
  await cluster.clock.advance(minuteMs);
  expect(await isTainted()).toBe(true);
  cluster.nodes[0]?.partition(false);
  await until(async () => !(await isTainted()));
  await cluster.clock.advance(10 * minuteMs);
  for (const name of ['patient', 'short']) expect(await isLeaving(name)).toBe(false);
  expect([(await podNamed('patient'))?.metadata.uid, (await podNamed('short'))?.metadata.uid]).toEqual(uids);
});

test('a control plane that comes back to a node that is gone for good waits the whole time once more', async () => {
  await runPod('patient');
  cluster.nodes[0]?.partition(true);
  await until(isTainted);
  await cluster.clock.advance(minuteMs);
  cluster.crashControlPlane();
  await cluster.clock.advance(10 * minuteMs);
  cluster.startControlPlane();
  await cluster.clock.advance(4.5 * minuteMs);
  expect(await isLeaving('patient')).toBe(false);
  await cluster.clock.advance(minuteMs);
  expect(await isLeaving('patient')).toBe(true);
});

test('a store that refuses everything for ten minutes costs no pod either', async () => {
  await runPod('patient');
  cluster.nodes[0]?.partition(true);
  await until(isTainted);
  await cluster.clock.advance(4 * minuteMs);
  cluster.faults = { ...noFaults, refusedShare: 1, refusesReads: true };
  await cluster.clock.advance(10 * minuteMs);
  cluster.faults = noFaults;
  cluster.nodes[0]?.partition(false);
  await until(async () => !(await isTainted()));
  await cluster.clock.advance(10 * minuteMs);
  expect(await isLeaving('patient')).toBe(false);
});

test('where no node gives a sign none of them loses its pods, and one that is back lets the others lose theirs', async () => {
  await runPod('patient');
  await runPod('short', 80);
  cluster.nodes[0]?.partition(true);
  await until(isTainted);
  cluster.nodes[1]?.partition(true);
  await until(async () => !(await isTainted()));
  await cluster.clock.advance(20 * minuteMs);
  for (const name of ['patient', 'short']) expect(await isLeaving(name)).toBe(false);
  cluster.nodes[1]?.partition(false);
  await until(isTainted);
  await until(() => isLeaving('short'));
  expect(await isLeaving('patient')).toBe(false);
});
