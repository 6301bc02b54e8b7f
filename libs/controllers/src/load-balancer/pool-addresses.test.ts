import { ConfigMap, loadBalancerHolders, Node, Service } from '@berth/api';
import { systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { startTestCluster } from '../testing.ts';
import { AddressPool } from './address-pool.ts';
import { cleanupFinalizer, sharedAddressAnnotation } from './balanced-services.ts';
import { planBalancers } from './controller.ts';
import { carriedOut, events, node, service, type World } from './testing.ts';

const now = Date.UTC(2026, 0, 2);
const nodes = [node('one', '192.0.2.1'), node('two', '192.0.2.2'), node('three', '192.0.2.3')];

/** Plans and carries out until nothing is left to do. */
class Settling {
  world: World = { services: [], holders: undefined };
  nodes = nodes;
  endpoints = new Map<string, Set<string>>();
  pool: AddressPool | undefined = AddressPool.parse('10.9.0.1-10.9.0.3');
  readonly #reported = new Map<string, string>();

  /** @returns events */
  settle(services?: Service[]): string[] {
    if (services) this.world = { ...this.world, services };
    const seen: string[] = [];
    for (let round = 0; round < 10; round++) {
      const observed = { ...this.world, nodes: this.nodes, nodesWithEndpoints: this.endpoints };
      const actions = planBalancers(observed, this.pool, this.#reported, now);
      if (actions.length === 0) return seen;
      seen.push(...events(actions));
      this.world = carriedOut(this.world, actions);
    }
    throw new Error('it does not settle');
  }

  get addresses(): Record<string, string[] | undefined> {
    return Object.fromEntries(
      this.world.services.map(({ metadata, status }) => [metadata.name, status?.loadBalancer?.ingress?.map(({ ip }) => ip ?? '')]),
    );
  }

  get holders(): Record<string, string> {
    return this.world.holders?.data ?? {};
  }

  change(name: string, change: (service: Service) => Service): void {
    this.world = { ...this.world, services: this.world.services.map((each) => (each.metadata.name === name ? change(each) : each)) };
  }
}

const younger = (name: string, spec: Partial<Service['spec']> = {}, seconds = 1): Service => {
  const made = service(name, spec);
  return { ...made, metadata: { ...made.metadata, creationTimestamp: `2026-01-01T00:00:0${seconds}Z` } };
};
const sharing = (made: Service, key: string): Service => ({
  ...made,
  metadata: { ...made.metadata, annotations: { [sharedAddressAnnotation]: key } },
});

test('a service has an address of the pool, a finalizer, the events of a load balancer, and a node that announces it', () => {
  const cluster = new Settling();
  const seen = cluster.settle([service('web')]);
  const [web] = cluster.world.services;
  expect(web?.status?.loadBalancer).toEqual({ ingress: [{ ip: '10.9.0.1', ipMode: 'VIP' }] });
  expect(web?.metadata.finalizers).toEqual([cleanupFinalizer]);
  const [holder = ''] = Object.keys(cluster.holders);
  expect(cluster.holders).toEqual({ [holder]: '10.9.0.1' });
  expect(seen).toEqual([
    'EnsuringLoadBalancer: Ensuring load balancer',
    'EnsuredLoadBalancer: Ensured load balancer',
    `UpdatedLoadBalancer: Updated load balancer with new hosts: ${holder} announces 10.9.0.1`,
  ]);
});

test('addresses are spread over nodes, stay where they are, and move when their node goes, is not ready, or is left out', () => {
  const cluster = new Settling();
  cluster.settle([service('a'), service('b'), service('c')]);
  expect(Object.keys(cluster.holders).sort()).toEqual(['one', 'three', 'two']);
  const before = cluster.holders;
  cluster.nodes = [...nodes, node('four', '192.0.2.4')];
  expect(cluster.settle()).toEqual([]);
  const label = { 'node.kubernetes.io/exclude-from-external-load-balancers': '' };
  for (const lost of [node('one', '192.0.2.1', { ready: false }), node('one', '192.0.2.1', { labels: label }), undefined]) {
    const again = new Settling();
    again.world = cluster.world;
    again.nodes = [...(lost ? [lost] : []), ...nodes.slice(1)];
    expect(again.settle()).toHaveLength(1);
    expect(Object.keys(again.holders).sort()).toEqual(['three', 'two']);
    expect(Object.values(again.holders).join(',').split(',').sort()).toEqual(['10.9.0.1', '10.9.0.2', '10.9.0.3']);
    for (const name of ['two', 'three']) expect(again.holders[name]?.split(',')).toContain(before[name]);
  }
});

test('where no node is ready an address stays where it is, and a service without a node says so once', () => {
  const cluster = new Settling();
  cluster.settle([service('web')]);
  const before = cluster.holders;
  cluster.nodes = nodes.map(({ metadata }, index) => node(metadata.name, `192.0.2.${index + 1}`, { ready: false }));
  expect(cluster.settle()).toEqual([]);
  expect(cluster.holders).toEqual(before);
  cluster.nodes = [];
  expect(cluster.settle()).toEqual(['UnAvailableLoadBalancer: There are no available nodes for LoadBalancer']);
  expect([cluster.world.holders, cluster.settle()]).toEqual([undefined, []]);
});

test('traffic that is to stay on a node is announced by one with endpoints, as long as there is any', () => {
  const cluster = new Settling();
  cluster.endpoints.set('default/web', new Set(['two']));
  cluster.settle([service('web', { externalTrafficPolicy: 'Local' })]);
  expect(cluster.holders).toEqual({ two: '10.9.0.1' });
  cluster.endpoints.set('default/web', new Set(['one', 'two']));
  expect(cluster.settle()).toEqual([]);
  cluster.endpoints.set('default/web', new Set(['one', 'three']));
  cluster.settle();
  expect(['one', 'three']).toContain(Object.keys(cluster.holders)[0]);
  const before = cluster.holders;
  cluster.endpoints.set('default/web', new Set());
  cluster.settle();
  expect(cluster.holders).toEqual(before);
});

test('an address is shared by those with the same annotation whose ports differ, by protocol as well', () => {
  const cluster = new Settling();
  const dns = sharing(younger('dns', { ports: [{ port: 80, protocol: 'UDP' }] }), 'k');
  const also = sharing(younger('also', {}, 2), 'k');
  const other = sharing(younger('other', { ports: [{ port: 81 }] }, 3), 'else');
  cluster.settle([sharing(service('web'), 'k'), dns, also]);
  expect(cluster.addresses).toEqual({ web: ['10.9.0.1'], dns: ['10.9.0.1'], also: ['10.9.0.2'] });
  cluster.settle([...cluster.world.services, other]);
  expect(cluster.addresses).toMatchObject({ other: ['10.9.0.3'] });
  // Of two that no longer fit together the younger moves, once there is another.
  cluster.change('web', (web) => ({ ...web, spec: { ...web.spec, ports: [{ port: 80, protocol: 'UDP' }] } }));
  const seen = cluster.settle();
  expect(cluster.addresses).toMatchObject({ web: ['10.9.0.1'], dns: ['10.9.0.2'], also: ['10.9.0.2'] });
  expect(seen[0]).toBe('LoadBalancerAddressReleased: 10.9.0.1 is that of service default/web, which has port 80/UDP, too; it is given up');
});

test('those whose traffic is to stay on a node share an address only when they select the same pods', () => {
  const cluster = new Settling();
  const local = (name: string, app: string, port: number) =>
    sharing(younger(name, { externalTrafficPolicy: 'Local', selector: { app }, ports: [{ port }] }, port % 10), 'k');
  cluster.settle([local('a', 'x', 81), local('b', 'x', 82), local('c', 'y', 83)]);
  expect(cluster.addresses).toEqual({ a: ['10.9.0.1'], b: ['10.9.0.1'], c: ['10.9.0.2'] });
});

test('a service gets the address that it asks for, and says once why it cannot have it', () => {
  const cluster = new Settling();
  const seen = cluster.settle([
    service('first'),
    younger('pinned', { loadBalancerIP: '10.9.0.1' }, 1),
    younger('again', { loadBalancerIP: '10.9.0.1' }, 2),
    younger('outside', { loadBalancerIP: '10.9.7.7' }, 3),
  ]);
  expect(cluster.addresses).toEqual({ first: ['10.9.0.2'], pinned: ['10.9.0.1'], again: undefined, outside: undefined });
  expect(seen.filter((event) => event.startsWith('SyncLoadBalancerFailed'))).toEqual([
    'SyncLoadBalancerFailed: Error syncing load balancer: spec.loadBalancerIP: 10.9.0.1 is that of service default/pinned, which shares it only with those of the same annotation berth.io/shared-address',
    'SyncLoadBalancerFailed: Error syncing load balancer: spec.loadBalancerIP: 10.9.7.7 is not in the pool of addresses (10.9.0.1-10.9.0.3)',
  ]);
  cluster.change('first', (first) => ({ ...first, spec: { ...first.spec, loadBalancerIP: '10.9.0.3' } }));
  cluster.change('pinned', (pinned) => ({ ...pinned, spec: { ...pinned.spec, loadBalancerIP: '' } }));
  cluster.settle();
  expect(cluster.addresses).toMatchObject({ first: ['10.9.0.3'], pinned: ['10.9.0.1'] });
});

test('who finds no address waits, says so, and gets one that is given back by whatever way', () => {
  const full = ['a', 'b', 'c'].map((name, index) => younger(name, {}, index));
  const leaving: [string, (service: Service) => Service][] = [
    ['deleted', (each) => ({ ...each, metadata: { ...each.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' } })],
    ['of another type', (each) => ({ ...each, spec: { ...each.spec, type: 'ClusterIP' } })],
    ['of another class', (each) => ({ ...each, spec: { ...each.spec, loadBalancerClass: 'berth.io/nodes' } })],
  ];
  for (const [how, leave] of leaving) {
    const cluster = new Settling();
    const seen = cluster.settle([...full, younger('late', {}, 9)]);
    expect(seen.filter((event) => event.includes('Error'))).toEqual([
      'SyncLoadBalancerFailed: Error syncing load balancer: no address is free in the pool (10.9.0.1-10.9.0.3)',
    ]);
    cluster.change('b', leave);
    cluster.settle();
    expect(cluster.addresses.late, how).toEqual(['10.9.0.2']);
    expect(Object.values(cluster.holders).join(',').split(',').sort(), how).toEqual(['10.9.0.1', '10.9.0.2', '10.9.0.3']);
    const b = cluster.world.services.find(({ metadata }) => metadata.name === 'b');
    expect(b?.metadata.finalizers ?? [], how).toEqual([]);
  }
});

test('addresses that are not in the pool any more, or a node has got, are given up for others', () => {
  const cluster = new Settling();
  cluster.settle([service('a'), younger('b')]);
  cluster.pool = AddressPool.parse('10.9.0.2-10.9.0.4');
  cluster.nodes = [...nodes, node('new', '10.9.0.3')];
  const seen = cluster.settle();
  expect(cluster.addresses).toEqual({ a: ['10.9.0.4'], b: ['10.9.0.2'] });
  expect(seen[0]).toContain('10.9.0.1 is not in the pool of addresses (10.9.0.2-10.9.0.4); it is given up');
  cluster.pool = undefined;
  cluster.settle();
  expect(cluster.addresses.a).toEqual(['10.9.0.3', '192.0.2.1', '192.0.2.2', '192.0.2.3']);
  expect([cluster.world.holders, cluster.world.services[0]?.metadata.finalizers]).toEqual([undefined, []]);
});

test("another controller's services are left alone, and what their statuses say is nobody else's", () => {
  const foreign = service(
    'theirs',
    { loadBalancerClass: 'example.com/other' },
    { status: { loadBalancer: { ingress: [{ ip: '10.9.0.1' }] } } },
  );
  const cluster = new Settling();
  cluster.settle([foreign, younger('ours')]);
  expect(cluster.addresses).toEqual({ theirs: ['10.9.0.1'], ours: ['10.9.0.2'] });
  expect(cluster.world.services[0]).toBe(foreign);
});

test('without a pool, services of its class say what is missing', () => {
  const cluster = new Settling();
  cluster.pool = undefined;
  const seen = cluster.settle([service('web', { loadBalancerClass: 'berth.io/pool' }), younger('plain')]);
  expect(seen).toEqual([
    'SyncLoadBalancerFailed: Error syncing load balancer: no pool of addresses is configured: start the control plane with --load-balancer-pool, or leave spec.loadBalancerClass out',
  ]);
  expect(cluster.addresses).toEqual({ web: undefined, plain: ['192.0.2.1', '192.0.2.2', '192.0.2.3'] });
});

test('in a cluster, a service goes only once its address is given back, and the next one has it', async () => {
  const cluster = await startTestCluster(systemClock, { loadBalancerPool: AddressPool.parse('10.9.0.1') });
  const { client, eventually } = cluster;
  try {
    const { status, ...one } = node('one', '192.0.2.1');
    await client.create(Node, one);
    await client.patch(Node, { name: 'one' }, 'merge', { status }, { subresource: 'status' });
    const key = (name: string) => ({ namespace: 'default', name });
    const make = (name: string) => client.create(Service, { ...service(name), metadata: key(name) });
    const address = async (name: string) => (await client.get(Service, key(name))).status?.loadBalancer?.ingress?.[0]?.ip;
    await make('web');
    await eventually(async () => (await address('web')) === '10.9.0.1');
    expect((await client.get(Service, key('web'))).metadata.finalizers).toEqual([cleanupFinalizer]);
    await eventually(async () => (await client.get(ConfigMap, loadBalancerHolders)).data?.one === '10.9.0.1');
    await make('next');
    await client.delete(Service, key('web'));
    await eventually(async () => (await address('next')) === '10.9.0.1');
    const { items } = await client.list(Service, { namespace: 'default' });
    expect(items.map(({ metadata }) => metadata.name).sort()).toEqual(['kubernetes', 'next']);
    await client.patch(Service, key('next'), 'merge', { spec: { type: 'ClusterIP' } });
    await eventually(async () => ((await client.get(Service, key('next'))).metadata.finalizers ?? []).length === 0);
    await eventually(async () =>
      (await client.list(ConfigMap, { namespace: 'kube-system' })).items.every(
        ({ metadata }) => metadata.name !== loadBalancerHolders.name,
      ),
    );
  } finally {
    await cluster.stop();
  }
});
