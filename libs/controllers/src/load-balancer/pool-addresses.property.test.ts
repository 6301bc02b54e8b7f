// Whatever services, nodes and pools come, change and go, and whenever controllers restart: no address is given to two services that do not fit
// together, who can have one has one, each is announced by one node that may, and what nobody has is nobody's.
import type { Node, Service } from '@berth/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AddressPool } from './address-pool.ts';
import { cleanupFinalizer, hasCleanup, portsOf, sharedAddressAnnotation } from './balanced-services.ts';
import { planBalancers } from './controller.ts';
import { holdersIn } from './holders.ts';
import { carriedOut, flat, node, service, type World } from './testing.ts';

const names = ['a', 'b', 'c', 'd', 'e'];
const nodeNames = ['one', 'two', 'three'];
const pools = ['10.9.0.1-10.9.0.3', '10.9.0.2-10.9.0.2', '10.9.0.3-10.9.0.6,10.9.1.0/31'];
const protocols = ['TCP', 'UDP'] as const;

interface Draft {
  ports: { port: number; protocol: (typeof protocols)[number] }[];
  sharing: string;
  isLocal: boolean;
  app: string;
  wanted: string;
  type: 'LoadBalancer' | 'ClusterIP';
  class: string | undefined;
}

type Step =
  | { do: 'set'; name: string; draft: Draft }
  | { do: 'delete'; name: string }
  | { do: 'node'; name: string; state: 'ready' | 'lost' | 'gone' }
  | { do: 'endpoints'; name: string; nodes: string[] }
  | { do: 'pool'; pool: string }
  | { do: 'restart' }
  /** Only part of what is planned is carried out, as in a crash. */
  | { do: 'crash'; after: number };

const draft: fc.Arbitrary<Draft> = fc.record({
  ports: fc.uniqueArray(fc.record({ port: fc.constantFrom(80, 81), protocol: fc.constantFrom(...protocols) }), {
    minLength: 1,
    maxLength: 2,
    selector: ({ port, protocol }) => `${port}/${protocol}`,
  }),
  sharing: fc.constantFrom('', 'k', 'l'),
  isLocal: fc.boolean(),
  app: fc.constantFrom('x', 'y'),
  wanted: fc.constantFrom('', '', '', '10.9.0.2', '10.9.0.3', '10.8.0.1'),
  type: fc.constantFrom('LoadBalancer', 'LoadBalancer', 'LoadBalancer', 'ClusterIP'),
  class: fc.constantFrom(undefined, undefined, 'berth.io/pool', 'berth.io/nodes', 'example.com/x'),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('set' as const), name: fc.constantFrom(...names), draft }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), name: fc.constantFrom(...names) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('node' as const),
      name: fc.constantFrom(...nodeNames),
      state: fc.constantFrom('ready', 'lost', 'gone'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('endpoints' as const), name: fc.constantFrom(...names), nodes: fc.subarray(nodeNames) }),
  },
  fc.record({ do: fc.constant('pool' as const), pool: fc.constantFrom(...pools) }),
  fc.record({ do: fc.constant('restart' as const) }),
  fc.record({ do: fc.constant('crash' as const), after: fc.nat(3) }),
);

class Cluster {
  world: World = { services: [], holders: undefined };
  readonly nodes = new Map<string, Node>();
  readonly endpoints = new Map<string, Set<string>>();
  pool = AddressPool.parse(pools[0] as string);
  #reported = new Map<string, string>();
  #made = 0;

  perform(step: Step): void {
    if (step.do === 'set') this.#set(step.name, step.draft);
    else if (step.do === 'delete') this.#delete(step.name);
    else if (step.do === 'node' && step.state === 'gone') this.nodes.delete(step.name);
    else if (step.do === 'node')
      this.nodes.set(step.name, node(step.name, `192.0.2.${nodeNames.indexOf(step.name) + 1}`, { ready: step.state === 'ready' }));
    else if (step.do === 'endpoints') this.endpoints.set(`default/${step.name}`, new Set(step.nodes));
    else if (step.do === 'pool') this.pool = AddressPool.parse(step.pool);
    else if (step.do === 'restart') this.#reported = new Map();
    else this.#carryOut(this.plan().slice(0, step.after));
  }

  settle(): void {
    for (let round = 0; round < 12; round++) {
      const actions = this.plan();
      if (actions.length === 0) return;
      this.#carryOut(actions);
    }
    throw new Error('it does not settle');
  }

  plan() {
    const observed = { ...this.world, nodes: [...this.nodes.values()], nodesWithEndpoints: this.endpoints };
    return flat(planBalancers(observed, this.pool, this.#reported, 0));
  }

  /** No write may give away what another service has. */
  #carryOut(actions: ReturnType<Cluster['plan']>): void {
    for (const action of actions) {
      const before = this.world;
      this.world = carriedOut(before, [action]);
      if (action.type !== 'updateStatus') continue;
      const written = action.object as Service;
      const former = before.services.find(({ metadata }) => metadata.uid === written.metadata.uid);
      const address = addressOf(written);
      if (address === undefined || address.startsWith('192.') || (former && addressOf(former) === address)) continue;
      for (const other of before.services)
        if (other.metadata.uid !== written.metadata.uid && addressOf(other) === address) expect(conflict(written, other)).toBe(false);
    }
  }

  #set(name: string, { ports, sharing, isLocal, app, wanted, type, class: loadBalancerClass }: Draft): void {
    const known = this.world.services.find(({ metadata }) => metadata.name === name);
    if (known?.metadata.deletionTimestamp) return;
    // A class stays as long as the type does.
    const keptClass = known?.spec.type === 'LoadBalancer' ? known.spec.loadBalancerClass : loadBalancerClass;
    const spec = {
      ...{ type, ports, selector: { app }, loadBalancerIP: wanted },
      ...(isLocal && { externalTrafficPolicy: 'Local' }),
      ...(type === 'LoadBalancer' && keptClass && { loadBalancerClass: keptClass }),
    };
    const made = known ?? service(name);
    const uid = known?.metadata.uid ?? `${name}-${++this.#made}`;
    const creationTimestamp = known?.metadata.creationTimestamp ?? `2026-01-01T00:00:${String(this.#made % 60).padStart(2, '0')}Z`;
    const annotations: Record<string, string> = sharing ? { [sharedAddressAnnotation]: sharing } : {};
    const metadata = { ...made.metadata, uid, creationTimestamp, annotations };
    // As the API does when the type changes.
    const status = type === 'LoadBalancer' ? (made.status ?? {}) : {};
    const rest = this.world.services.filter(({ metadata: { name: other } }) => other !== name);
    this.world = { ...this.world, services: [...rest, { ...made, metadata, spec, status }] };
  }

  #delete(name: string): void {
    const services = this.world.services.flatMap((each) => {
      if (each.metadata.name !== name) return [each];
      return hasCleanup(each) ? [{ ...each, metadata: { ...each.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' } }] : [];
    });
    this.world = { ...this.world, services };
  }
}

function addressOf({ status }: Service): string | undefined {
  return status?.loadBalancer?.ingress?.[0]?.ip;
}

function conflict(a: Service, b: Service): boolean {
  const [key, other] = [a, b].map(({ metadata }) => metadata.annotations?.[sharedAddressAnnotation]);
  const backends = [a, b].map(({ spec }) => (spec.externalTrafficPolicy === 'Local' ? JSON.stringify(spec.selector) : ''));
  return !key || key !== other || backends[0] !== backends[1] || portsOf(a).some((port) => portsOf(b).includes(port));
}

const isPooled = ({ spec }: Service) =>
  spec.type === 'LoadBalancer' && (spec.loadBalancerClass === undefined || spec.loadBalancerClass === 'berth.io/pool');
const isReady = ({ status }: Node) => status?.conditions?.[0]?.status === 'True';

function check(cluster: Cluster): void {
  const { world, pool, nodes, endpoints } = cluster;
  const pooled = world.services.filter(isPooled);
  const free = [...pool.addresses()].filter((address) => world.services.every((each) => addressOf(each) !== address));
  for (const each of pooled) {
    const address = addressOf(each);
    const wanted = each.spec.loadBalancerIP;
    expect(hasCleanup(each)).toBe(address !== undefined);
    if (address === undefined) {
      expect(wanted ? free.filter((other) => other === wanted) : free).toEqual([]);
      continue;
    }
    expect(pool.has(address)).toBe(true);
    if (wanted) expect(address).toBe(wanted);
    for (const other of pooled) if (other !== each && addressOf(other) === address) expect(conflict(each, other)).toBe(false);
  }
  for (const each of world.services) {
    expect(each.metadata.deletionTimestamp).toBeUndefined();
    if (!isPooled(each)) expect(each.metadata.finalizers ?? []).not.toContain(cleanupFinalizer);
  }
  const used = new Set(pooled.flatMap((each) => addressOf(each) ?? []));
  const holders = holdersIn(world.holders?.data);
  const ready = [...nodes.values()].filter(isReady).map(({ metadata }) => metadata.name);
  for (const address of holders.keys()) expect(used).toContain(address);
  for (const address of used) {
    const holder = holders.get(address);
    if (ready.length > 0) expect(ready).toContain(holder);
    const [user] = pooled.filter((each) => addressOf(each) === address);
    const local = user?.spec.externalTrafficPolicy === 'Local' ? endpoints.get(`default/${user.metadata.name}`) : undefined;
    const users = pooled.filter((each) => addressOf(each) === address);
    // Those that share have the same endpoints, which here they are not given.
    if (local && users.length === 1 && ready.some((name) => local.has(name))) expect([...local]).toContain(holder);
  }
}

test('addresses of services, through any history', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
      const cluster = new Cluster();
      for (const name of nodeNames.slice(0, 2)) cluster.perform({ do: 'node', name, state: 'ready' });
      for (const each of steps) {
        cluster.perform(each);
        if (each.do === 'crash') continue;
        cluster.settle();
        check(cluster);
        const settled = JSON.stringify(cluster.world);
        cluster.perform({ do: 'restart' });
        // What is said again after a restart is no change.
        expect(cluster.plan().filter(({ type }) => type !== 'event')).toEqual([]);
        expect(JSON.stringify(cluster.world)).toBe(settled);
      }
      for (const name of names) cluster.perform({ do: 'delete', name });
      cluster.settle();
      cluster.settle();
      expect([cluster.world.services, cluster.world.holders]).toEqual([[], undefined]);
    }),
    { numRuns: 150 },
  );
});
