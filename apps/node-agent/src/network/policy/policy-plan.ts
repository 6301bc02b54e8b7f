// What nftables has to hold for the network policies that select this node's pods: sets of addresses, a chain for each policy and direction,
// one for each combination of policies, and which pod's traffic goes through which. Pure. Only chains change with policies; when pods come and
// go, elements do.
import { createHash } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { Pod } from '@berth/api';
import { keyOf, labelSelectorFrom, type Selector } from '@berth/machinery';
import type { AddressSet, PolicyRules, TrafficPeer, TrafficPort, TrafficRule } from '@berth/protocol';

export interface PolicyInput {
  policies: readonly PolicyRules[];
  addressSets: readonly AddressSet[];
  /** Of this node, with their addresses. */
  pods: readonly Pod[];
  /** Nobody wants them any more, but something of them may still run. */
  leaving: readonly Pod[];
}

export interface PolicyPlan {
  sets: Map<string, PlannedSet>;
  /** Rules by chain. */
  chains: Map<string, readonly string[]>;
  /** The chain for what comes to, or from, an address. */
  ingress: Map<string, string>;
  egress: Map<string, string>;
}

export interface PlannedSet {
  type: string;
  /** The same list as before when nothing in it has changed. */
  elements: readonly string[];
}

type Direction = 'ingress' | 'egress';

const directions = ['ingress', 'egress'] as const;
const closed = 'closed';
const portMax = 65_535;

interface Compiled {
  selector: Selector;
  namespace: string;
  chains: Partial<Record<Direction, { name: string; rules: string[] }>>;
  sets: string[];
}

/** What follows from an object alone is kept with it. */
const compiledPolicies = new WeakMap<PolicyRules, Compiled>();
const plannedSets = new WeakMap<AddressSet, PlannedSet>();

/** What a pod is under. */
interface Isolation {
  sets: Set<string>;
  chains: Map<string, readonly string[]>;
  ingress?: string;
  egress?: string;
}

/** Plans; what selects a pod is looked for again only when its labels or the policies are others: pods' statuses change far more often. */
export class PolicyPlanner {
  #policies: readonly PolicyRules[] = [];
  #byNamespace = new Map<string, Compiled[]>();
  #isolations = new WeakMap<Pod['metadata'], Isolation>();

  /** @param before what is in force; undefined where that is not known */
  plan({ policies, addressSets, pods, leaving }: PolicyInput, before: PolicyPlan | undefined): PolicyPlan {
    this.#know(policies);
    const plan: PolicyPlan = { sets: new Map(), chains: new Map(), ingress: new Map(), egress: new Map() };
    const known = new Map(addressSets.map((set) => [set.metadata.name, set]));
    for (const pod of pods) {
      const address = addressOf(pod);
      if (!address) continue;
      const isolation = this.#isolation(pod.metadata);
      for (const name of isolation.sets) if (!plan.sets.has(name)) plan.sets.set(name, planned(name, known.get(name)));
      for (const [name, rules] of isolation.chains) plan.chains.set(name, rules);
      for (const direction of directions) if (isolation[direction]) plan[direction].set(address, isolation[direction]);
    }
    const taken = new Set(pods.map(addressOf));
    for (const pod of leaving) {
      const address = addressOf(pod);
      if (!address || taken.has(address)) continue;
      // The policies that it was under may be gone from here along with it.
      for (const direction of directions) if (!before || before[direction].has(address)) close(plan, direction, address);
    }
    return plan;
  }

  #know(policies: readonly PolicyRules[]): void {
    const isSame = policies.length === this.#policies.length && policies.every((policy, index) => policy === this.#policies[index]);
    if (isSame) return;
    this.#policies = policies;
    this.#byNamespace = Map.groupBy(policies.map(compiled), ({ namespace }) => namespace);
    this.#isolations = new WeakMap();
  }

  #isolation(metadata: Pod['metadata']): Isolation {
    const known = this.#isolations.get(metadata);
    if (known) return known;
    const policies = this.#byNamespace.get(metadata.namespace ?? '') ?? [];
    const selecting = policies.filter(({ selector }) => selector.matches(metadata.labels));
    const isolation: Isolation = { sets: new Set(selecting.flatMap(({ sets }) => sets)), chains: new Map() };
    for (const direction of directions) {
      const chains = selecting.flatMap((policy) => policy.chains[direction] ?? []);
      if (chains.length === 0) continue;
      for (const { name, rules } of chains) isolation.chains.set(name, rules);
      const names = chains.map(({ name }) => name).sort();
      const combination = `pods-${direction}-${hash(names.join())}`;
      isolation.chains.set(combination, [...names.map((name) => `jump ${name}`), 'drop']);
      isolation[direction] = combination;
    }
    this.#isolations.set(metadata, isolation);
    return isolation;
  }
}

export function isEmptyPlan({ ingress, egress }: PolicyPlan): boolean {
  return ingress.size === 0 && egress.size === 0;
}

/** Undefined where policies do not apply: to pods in the node's network, and to those that have no address yet. */
function addressOf({ spec, status }: Pod): string | undefined {
  return !spec.hostNetwork && status?.podIP && isIPv4(status.podIP) ? status.podIP : undefined;
}

function close(plan: PolicyPlan, direction: Direction, address: string): void {
  plan.chains.set(closed, ['drop']);
  plan[direction].set(address, closed);
}

function compiled(policy: PolicyRules): Compiled {
  const known = compiledPolicies.get(policy);
  if (known) return known;
  const { podSelector } = policy.spec;
  const fresh: Compiled = {
    selector: labelSelectorFrom(podSelector),
    namespace: policy.metadata.namespace ?? '',
    chains: {},
    sets: directions.flatMap((direction) => (policy.spec[direction] ?? []).flatMap(setsOf)),
  };
  for (const direction of directions) {
    const rules = policy.spec[direction];
    if (!rules) continue;
    const name = `${direction}-${hash(keyOf(policy))}`;
    fresh.chains[direction] = { name, rules: [...new Set(rules.flatMap((rule) => ruleTexts(rule, direction)))] };
  }
  compiledPolicies.set(policy, fresh);
  return fresh;
}

function setsOf({ peers = [], ports = [] }: TrafficRule): string[] {
  return [...peers, ...ports].flatMap((each) => ('set' in each ? each.set : []));
}

/** None that is not there is full: what names it lets nothing through. */
function planned(name: string, set: AddressSet | undefined): PlannedSet {
  const isOfPorts = name.startsWith('ports-');
  const type = isOfPorts ? 'ipv4_addr . inet_proto . inet_service' : 'ipv4_addr';
  if (!set) return { type, elements: [] };
  const known = plannedSets.get(set);
  if (known) return known;
  const fresh = { type, elements: isOfPorts ? set.spec.elements.map((element) => element.replaceAll(' ', ' . ')) : set.spec.elements };
  plannedSets.set(set, fresh);
  return fresh;
}

function ruleTexts({ peers, ports }: TrafficRule, direction: Direction): string[] {
  const peerTexts = peers ? peers.map((peer) => peerText(peer, direction === 'ingress' ? 'saddr' : 'daddr')) : [''];
  const portTexts = ports ? portsTexts(ports) : [''];
  return peerTexts.flatMap((peer) => portTexts.map((port) => [peer, port, 'accept'].filter(Boolean).join(' ')));
}

function peerText(peer: TrafficPeer, end: 'saddr' | 'daddr'): string {
  if ('set' in peer) return `ip ${end} @${peer.set}`;
  const whole = peer.cidr.endsWith('/0') ? 'meta nfproto ipv4' : `ip ${end} ${peer.cidr}`;
  return [whole, ...peer.except.map((range) => `ip ${end} != ${range}`)].join(' ');
}

function portsTexts(ports: TrafficPort[]): string[] {
  const numbered = ports.flatMap((port) => ('set' in port ? [] : port));
  const named = ports.flatMap((port) => ('set' in port ? `ip daddr . meta l4proto . th dport @${port.set}` : []));
  const byProtocol = Map.groupBy(numbered, ({ protocol }) => protocol);
  const texts = [...byProtocol].map(([protocol, ranges]) => {
    const merged = mergedRanges(ranges);
    if (merged.some(({ from, to }) => from === 0 && to === portMax)) return `meta l4proto ${protocol}`;
    const list = merged.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
    return `meta l4proto ${protocol} th dport { ${list} }`;
  });
  return [...texts, ...named];
}

/** nft refuses ranges that overlap. */
function mergedRanges(ranges: { from: number; to: number }[]): { from: number; to: number }[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && from <= last.to + 1) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
