// Addresses of load balancers in a whole cluster on simulated time: held by one node each, by another when that is lost, and by the same while
// the control plane is away.
import { ConfigMap, loadBalancerHolders, Service } from '@berth/api';
import type { Client } from '@berth/client';
import { afterEach, expect, test } from 'vitest';
import { SimulatedCluster } from './simulated-cluster.ts';

const minuteMs = 60_000;
const names = Array.from({ length: 6 }, (_, index) => `web-${index}`);
const addresses = names.map((_, index) => `192.0.2.${200 + index}`);
let cluster: SimulatedCluster;

afterEach(() => {
  for (const node of cluster.nodes) node.crashAgent();
  cluster.crashControlPlane();
});

/** Lets time pass until it is answered. */
async function answered<T>(request: (client: Client) => Promise<T>): Promise<T> {
  const client = cluster.client();
  if (!client) throw new Error('the control plane is away');
  let isSettled = false;
  const noted = request(client).finally(() => {
    isSettled = true;
  });
  noted.catch(() => undefined);
  if (!(await cluster.clock.runUntil(() => isSettled, minuteMs))) throw new Error('a request was not answered within a minute');
  return noted;
}

/** By what agents were sent. */
const held = () => cluster.nodes.map(({ agent }) => agent?.pods.desired.heldAddresses().sort() ?? []);

/** Of some nodes: whether they hold all that services have, each once. */
const hold = (...nodes: number[]) => {
  const all = held();
  return (
    nodes
      .flatMap((index) => all[index] ?? [])
      .sort()
      .join() === addresses.join()
  );
};

async function until(holds: () => boolean, secondsMax: number): Promise<void> {
  for (let second = 0; second < secondsMax && !holds(); second++) await cluster.clock.advance(1_000);
  expect([holds(), held()]).toEqual([true, expect.anything()]);
}

async function start(seed: number): Promise<void> {
  cluster = new SimulatedCluster(seed, 3);
  await cluster.start();
  await cluster.clock.advance(2 * minuteMs);
  const spec = { type: 'LoadBalancer', ports: [{ port: 80 }] };
  for (const name of names)
    await answered((client) =>
      client.create(Service, { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec }),
    );
  await until(() => hold(0, 1, 2), 30);
}

test.each([1, 2, 3])(
  'a lost node, however it was lost, leaves its addresses to others and gets none of them back: seed %i',
  async (seed) => {
    await start(seed);
    expect(held().map((each) => each.length)).toEqual([2, 2, 2]);
    const [node] = cluster.nodes;
    const before = held();
    node?.partition(true);
    await until(() => hold(1, 2), 90);
    // Those of the others stay where they were; who is cut off is not told.
    for (const index of [0, 1, 2]) expect(held()[index]).toEqual(expect.arrayContaining(before[index] ?? []));
    node?.partition(false);
    await until(() => hold(0, 1, 2), 60);
    expect(held()[0]).toEqual([]);
    cluster.nodes[1]?.halt();
    await until(() => hold(0, 2), 90);
    const { data } = await answered((client) => client.get(ConfigMap, loadBalancerHolders));
    expect(
      Object.values(data ?? {})
        .join(',')
        .split(',')
        .sort(),
    ).toEqual(addresses);
    for (const name of names) await answered((client) => client.delete(Service, { namespace: 'default', name }));
    await until(() => [0, 2].every((index) => held()[index]?.length === 0), 30);
    const { items } = await answered((client) => client.list(Service, { namespace: 'default' }));
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['kubernetes']);
  },
);

test('nothing moves while the control plane is away, nor when it comes back', async () => {
  await start(4);
  const before = held();
  cluster.crashControlPlane();
  await cluster.clock.advance(10 * minuteMs);
  expect(held()).toEqual(before);
  cluster.startControlPlane();
  for (let second = 0; second < 180; second++) {
    await cluster.clock.advance(1_000);
    expect(held()).toEqual(before);
  }
  const { items } = await answered((client) => client.list(Service, { namespace: 'default' }));
  const now = items.flatMap(({ status }) => status?.loadBalancer?.ingress?.map(({ ip }) => ip) ?? []);
  expect(now.sort()).toEqual(addresses);
});
