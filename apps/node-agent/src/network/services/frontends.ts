// What a port of a service, or of a pod on its node, is in the node's table: elements of maps and sets, and now and then chains of its own.
// Pure. Endpoints are elements with a number, and services with as many endpoints share the chain that draws one: a change of an endpoint is
// one of an element. Chains are named after what they hold, so that one of a name is one of its rules.
import { createHash } from 'node:crypto';
import { type Endpoint, endpointText } from '../endpoints.ts';
import type { HostPort } from '../host-ports.ts';
import type { Protocol, Target } from './service-targets.ts';

export type Entry =
  | { kind: 'element'; set: string; text: string }
  | { kind: 'chain'; name: string; rules: string[] }
  /** Clients that stay with an endpoint. */
  | { kind: 'affinity'; name: string; seconds: number };

/** What packets are for that are handled here. Of several with the same key only one can be served. */
export interface Frontend {
  key: string;
  entries: Entry[];
}

export interface Piece {
  frontends: Frontend[];
  /** Beside frontends: these may be of several pieces. */
  entries: Entry[];
}

/** Endpoints of this node are numbered from here on, beside those of all nodes. */
const localOffset = 65_536;

/** Where packets are for. */
interface Front {
  map: 'cluster-ports' | 'outside-ports' | 'node-ports';
  /** Absent: any of the node's. */
  address: string | undefined;
  protocol: Protocol;
  port: number;
}

interface Way {
  verdict: string;
  entries: Entry[];
}

const dropped: Way = { verdict: 'drop', entries: [] };

export function idOf(entry: Entry): string {
  if (entry.kind === 'element') return `${entry.set} { ${entry.text} }`;
  return entry.kind === 'chain' ? `chain ${entry.name}` : `set ${entry.name}`;
}

/** @param bridge of this node's pods */
export function servicePiece(targets: Target[], bridge: string): Piece {
  const endpoints = targets.flatMap(({ cluster, local }) => [...cluster, ...local]);
  return {
    frontends: targets.flatMap((target) => frontendsOf(target, bridge)),
    entries: [...targets.map(({ clusterAddress }) => element('service-addresses', clusterAddress)), ...hairpins(endpoints)],
  };
}

export function hostPortPiece(hostPorts: HostPort[]): Piece {
  return {
    frontends: hostPorts.map(({ protocol, hostIp, hostPort, endpoint }) => {
      const front: Front = { map: hostIp ? 'outside-ports' : 'node-ports', address: hostIp, protocol, port: hostPort };
      return served(front, spread(front, [endpoint], 'all'));
    }),
    entries: hairpins(hostPorts.map(({ endpoint }) => endpoint)),
  };
}

export function element(set: string, text: string): Entry {
  return { kind: 'element', set, text };
}

function frontendsOf(target: Target, bridge: string): Frontend[] {
  const { protocol, clusterAddress, port, nodePort, outside } = target;
  return [
    internal(target, { map: 'cluster-ports', address: clusterAddress, protocol, port }),
    ...outside.map(({ address, sources }) => external(target, { map: 'outside-ports', address, protocol, port }, bridge, sources)),
    ...(nodePort === undefined ? [] : [external(target, { map: 'node-ports', address: undefined, protocol, port: nodePort }, bridge)]),
  ];
}

function internal(target: Target, front: Front): Frontend {
  // What has no endpoint anywhere is refused with all other ports of the address.
  if (target.cluster.length === 0) return { key: `${front.map} ${keyOf(front)}`, entries: [] };
  const endpoints = target.isInternalLocal ? target.local : target.cluster;
  return served(front, endpoints.length > 0 ? wayTo(target, front, endpoints, 'all') : dropped);
}

function external(target: Target, front: Front, bridge: string, sources?: string[]): Frontend {
  const key = keyOf(front);
  if (target.cluster.length === 0) return { key: `${front.map} ${key}`, entries: [element(`refused-${front.map}`, key)] };
  const all = wayTo(target, front, target.cluster, 'all');
  const way = target.isExternalLocal ? ownFirst(all, localWay(target, front), bridge) : all;
  return served(front, sources ? guarded(way, sources) : way);
}

function localWay(target: Target, front: Front): Way {
  return target.local.length > 0 ? wayTo(target, front, target.local, 'local') : dropped;
}

/** What this node and its pods send is as if they sent it to the cluster's address; only what comes from outside stays on the node. */
function ownFirst(all: Way, local: Way, bridge: string): Way {
  const own = named('near', [`iifname "${bridge}" ${all.verdict}`, `fib saddr type local ${all.verdict}`, local.verdict]);
  return { verdict: `goto ${own.name}`, entries: [...all.entries, ...local.entries, own] };
}

/** Only what comes from these ranges passes. */
function guarded(way: Way, sources: string[]): Way {
  const guard = named('from', [...sources.map((range) => `ip saddr ${range} ${way.verdict}`), 'drop']);
  return { verdict: `goto ${guard.name}`, entries: [...way.entries, guard] };
}

function keyOf({ address, protocol, port }: Front): string {
  return [...(address === undefined ? [] : [address]), protocol, port].join(' . ');
}

function served(front: Front, { verdict, entries }: Way): Frontend {
  const key = keyOf(front);
  return { key: `${front.map} ${key}`, entries: [...entries, element(front.map, `${key} : ${verdict}`)] };
}

function wayTo(target: Target, front: Front, endpoints: Endpoint[], which: 'all' | 'local'): Way {
  return target.stickySeconds === undefined ? spread(front, endpoints, which) : sticky(target, endpoints, target.stickySeconds);
}

function spread({ address, protocol, port }: Front, endpoints: Endpoint[], which: 'all' | 'local'): Way {
  const [set, packet, key] =
    address === undefined
      ? [`node-${protocol}-endpoints`, `${protocol} dport`, `${port}`]
      : [`${protocol}-endpoints`, `ip daddr . ${protocol} dport`, `${address} . ${port}`];
  const offset = which === 'local' ? localOffset : 0;
  const count = endpoints.length;
  const chain: Entry = {
    kind: 'chain',
    name: `${address === undefined ? 'node-' : ''}${protocol}-${which}-${count}`,
    rules: [`dnat ip to ${packet} . numgen random mod ${count}${offset ? ` offset ${offset}` : ''} map @${set}`],
  };
  const elements = endpoints.map((endpoint, index) => element(set, `${key} . ${offset + index} : ${endpoint.address} . ${endpoint.port}`));
  return { verdict: `goto ${chain.name}`, entries: [chain, ...elements] };
}

/** A client that is remembered goes where it went, and is remembered anew; any other is drawn an endpoint. All ways to one port share that. */
function sticky(target: Target, endpoints: Endpoint[], seconds: number): Way {
  const each = endpoints.map((endpoint) => {
    const set: Entry & { kind: 'affinity' } = {
      kind: 'affinity',
      name: `clients-${hash(`${target.name} ${endpointText(endpoint)}`)}`,
      seconds,
    };
    const rules = [
      `update @${set.name} { ip saddr timeout ${seconds}s }`,
      `meta l4proto ${target.protocol} dnat ip to ${endpointText(endpoint)}`,
    ];
    return { set, chain: named('stay', rules) };
  });
  const draw = each.map(({ chain }, index) => `${index} : goto ${chain.name}`).join(', ');
  const chain = named('sticky', [
    ...each.map(({ set, chain: stay }) => `ip saddr @${set.name} goto ${stay.name}`),
    `numgen random mod ${each.length} vmap { ${draw} }`,
  ]);
  return { verdict: `goto ${chain.name}`, entries: [...each.flatMap((one) => [one.set, one.chain]), chain] };
}

/** A pod that reaches itself through a service would get answers from its own address, and drop them. */
function hairpins(endpoints: Endpoint[]): Entry[] {
  return [...new Set(endpoints.map(({ address }) => address))].map((address) => element('hairpins', `${address} . ${address}`));
}

function named(prefix: string, rules: string[]): Entry & { kind: 'chain' } {
  return { kind: 'chain', name: `${prefix}-${hash(rules.join('\n'))}`, rules };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
