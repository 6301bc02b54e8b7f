// Preemption in whole clusters of hollow nodes, through faults: whatever fails or dies meanwhile, in the end all that is of high
// priority runs, the rest of the room is full again, and nobody was removed for an equal.
import { Deployment, Pod, PriorityClass } from '@berth/api';
import type { Client } from '@berth/client';
import { isReason } from '@berth/machinery';
import { expect, test } from 'vitest';
import { deployment } from './chaos.ts';
import { noFaults } from './faulty-store.ts';
import { SimulatedCluster } from './simulated-cluster.ts';

/** SEED=7 runs that one alone, SEED=1-50 all of these. */
const [from = 1, to = from] = process.env.SEED ? process.env.SEED.split('-').map(Number) : [1, 3];
const seeds = Array.from({ length: to - from + 1 }, (_, index) => from + index);
const nodeCount = 3;
/** Pods of 2 cores that fit on all nodes, of which each keeps some of its 8 for itself. */
const room = nodeCount * 3;
const chaosMs = 2 * 60_000;
const healingMsMax = 15 * 60_000;

/** A user who does not give up. */
async function set(cluster: SimulatedCluster, request: (client: Client) => Promise<unknown>): Promise<void> {
  let last: unknown;
  for (let attempt = 0; attempt < 200; attempt++) {
    let isDone = false;
    const client = cluster.client();
    void (client ? request(client) : Promise.reject(new Error('there is no control plane'))).then(
      () => {
        isDone = true;
      },
      (error: unknown) => {
        isDone = isReason(error, 'AlreadyExists');
        last = error;
      },
    );
    if (await cluster.clock.runUntil(() => isDone, 5_000)) return;
  }
  throw new Error('the API never took a request', { cause: last });
}

async function list(cluster: SimulatedCluster): Promise<Pod[]> {
  let pods: Pod[] = [];
  await set(cluster, async (client) => {
    pods = (await client.list(Pod)).items;
  });
  return pods;
}

function large(name: string, replicas: number, priorityClassName: string): Deployment {
  const object = deployment(name, replicas, 'first');
  const { template } = object.spec;
  const containers = [{ name: 'main', image: 'registry.local/web:1', resources: { requests: { cpu: '2' } } }];
  const spec = { terminationGracePeriodSeconds: 2, containers, priorityClassName };
  return { ...object, spec: { ...object.spec, template: { ...template, spec } } };
}

/** What can go wrong, one thing after the other until time is up. */
async function trouble(cluster: SimulatedCluster): Promise<void> {
  const { chance, clock, nodes } = cluster;
  const kinds = [
    () => (cluster.faults = { ...noFaults, brokenWatchShare: 0.2 }),
    () => (cluster.faults = { ...noFaults, refusedShare: 0.3 }),
    () => cluster.crashControlPlane(),
    () => nodes[chance.int(nodes.length)]?.crashAgent(),
  ];
  for (let passedMs = 0; passedMs < chaosMs; ) {
    kinds[chance.int(kinds.length)]?.();
    const lastsMs = 1_000 + chance.int(8_000);
    await clock.advance(lastsMs);
    cluster.faults = noFaults;
    cluster.startControlPlane();
    for (const node of nodes) void node.startAgent();
    const restsMs = 1_000 + chance.int(5_000);
    await clock.advance(restsMs);
    passedMs += lastsMs + restsMs;
  }
}

const isReady = ({ metadata, status }: Pod) =>
  !metadata.deletionTimestamp && status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
const readyOf = (pods: Pod[], app: string) => pods.filter((pod) => pod.metadata.labels?.app === app && isReady(pod)).length;

async function whenReady(cluster: SimulatedCluster, wanted: Record<string, number>): Promise<Pod[]> {
  let pods: Pod[] = [];
  for (let passedMs = 0; passedMs < healingMsMax; passedMs += 5_000) {
    pods = await list(cluster);
    if (Object.entries(wanted).every(([app, count]) => readyOf(pods, app) === count)) return pods;
    await cluster.clock.advance(5_000);
  }
  const found = Object.keys(wanted).map((app) => `${readyOf(pods, app)} of ${app}`);
  const waiting = pods
    .filter((pod) => !isReady(pod))
    .map(({ metadata, spec, status }) => `${metadata.name} ${spec.nodeName} ${JSON.stringify(status)}`);
  throw new Error(`ready are ${found.join(', ')}; the others:\n${waiting.join('\n')}`);
}

test.each(seeds)('those of high priority run in the end, and the room that is left is full: SEED=%i', async (seed) => {
  const cluster = new SimulatedCluster(seed, nodeCount);
  await cluster.start();
  for (const [name, value] of Object.entries({ low: 1, high: 9 })) {
    const object: PriorityClass = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value };
    await set(cluster, (client) => client.create(PriorityClass, object));
  }
  await set(cluster, (client) => client.create(Deployment, large('low', room, 'low')));
  await whenReady(cluster, { low: room });
  const high = 3 + cluster.chance.int(room - 4);
  await set(cluster, (client) => client.create(Deployment, large('high', high, 'high')));
  await trouble(cluster);
  const pods = await whenReady(cluster, { low: room - high, high });
  const nominated = pods.filter(({ status }) => status?.nominatedNodeName !== undefined);
  expect(nominated.map(({ metadata }) => metadata.name)).toEqual([]);
  expect(cluster.safety.offences).toEqual([]);
  expect(cluster.safety.preempted.size).toBeGreaterThan(0);
});
