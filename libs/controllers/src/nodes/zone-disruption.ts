// How fast nodes that give no sign of life may lose their pods, by zone, as the node lifecycle of Kubernetes has it: one node
// in 10 s while a zone is well, one in 100 s or none once most of it is gone, and none at all when no zone has a node that is
// ready, as it is then the control plane that sees nothing. Time is given by the caller; nothing waits here.
import type { Node } from '@berth/api';

export type ZoneState = 'Normal' | 'PartialDisruption' | 'FullDisruption';

export interface EvictionRates {
  /** Nodes a second, in a zone that is well or has no ready node left while others have. */
  evictionRate: number;
  /** Nodes a second, in a zone most of which is not ready, if it is large; none in a small one. */
  secondaryEvictionRate: number;
  /** A zone with more nodes is large. */
  largeClusterSizeThreshold: number;
  /** The share of nodes that are not ready from which on a zone is partially disrupted. */
  unhealthyZoneThreshold: number;
}

/** kube-controller-manager's. */
export const defaultEvictionRates: EvictionRates = {
  evictionRate: 0.1,
  secondaryEvictionRate: 0.01,
  largeClusterSizeThreshold: 50,
  unhealthyZoneThreshold: 0.55,
};

/** So many nodes of a zone may be gone, and it still counts as normal. */
const unreadyMax = 2;
const excludingLabel = 'node.kubernetes.io/exclude-disruption';

export interface ZoneSize {
  nodes: number;
  unready: number;
}

export interface ZoneMetrics {
  zone(zone: string, size: ZoneSize): void;
  evicted(zone: string): void;
}

interface SeenNode {
  zone: string;
  isReady: boolean;
  isExcluded: boolean;
}

/** One at a time, at a rate that may change; one permission at most is saved up. */
class Limiter {
  #rate: number;
  #nextMs = 0;

  constructor(rate: number) {
    this.#rate = rate;
  }

  /** How long until the next permission, which this takes when it is 0; Infinity while none is given. */
  take(nowMs: number): number {
    if (this.#rate <= 0) return Number.POSITIVE_INFINITY;
    const waitMs = this.#nextMs - nowMs;
    if (waitMs > 0) return waitMs;
    this.#nextMs = nowMs + 1000 / this.#rate;
    return 0;
  }

  /** Who waits goes on waiting: no change of rate is a permission. */
  setRate(rate: number, nowMs: number): void {
    if (rate === this.#rate) return;
    const isWaiting = this.#rate <= 0 || this.#nextMs > nowMs;
    this.#rate = rate;
    if (rate > 0) this.#nextMs = isWaiting ? nowMs + 1000 / rate : nowMs;
  }
}

export class ZoneDisruption {
  readonly #rates: EvictionRates;
  readonly #metrics: ZoneMetrics;
  readonly #nodes = new Map<string, SeenNode>();
  /** Of the nodes that count. */
  readonly #sizes = new Map<string, ZoneSize>();
  #isDirty = false;
  readonly #states = new Map<string, ZoneState>();
  readonly #limiters = new Map<string, Limiter>();
  /** Nodes that wait for their permission, by zone, in the order in which they came. */
  readonly #queues = new Map<string, Set<string>>();
  /** Nodes whose pods may leave. */
  readonly #permitted = new Set<string>();

  constructor(metrics: ZoneMetrics, rates: EvictionRates = defaultEvictionRates) {
    this.#metrics = metrics;
    this.#rates = rates;
  }

  /** Whether no zone has a ready node: then no pod leaves for its node's sake. */
  get isStopped(): boolean {
    const states = [...this.#states.values()];
    return states.length > 0 && states.every((state) => state === 'FullDisruption');
  }

  stateOf(zone: string): ZoneState | undefined {
    return this.#states.get(zone);
  }

  see(node: Node, isReady: boolean): void {
    const { name, labels = {} } = node.metadata;
    const next = { zone: zoneOf(node), isReady, isExcluded: excludingLabel in labels };
    const before = this.#nodes.get(name);
    if (before && before.zone !== next.zone) this.#leaveQueue(name, before.zone);
    this.#count(before, -1);
    this.#nodes.set(name, next);
    this.#count(next, 1);
    if (isReady) this.#withdraw(name, next.zone);
  }

  forget(name: string): void {
    const before = this.#nodes.get(name);
    if (!before) return;
    this.#nodes.delete(name);
    this.#count(before, -1);
    this.#withdraw(name, before.zone);
  }

  /**
   * Brings the zones up to date with their nodes.
   * @returns `left` once nodes are ready again after none was: whatever was heard of the others before says nothing
   */
  assess(nowMs: number): 'entered' | 'left' | undefined {
    if (!this.#isDirty) return undefined;
    this.#isDirty = false;
    const wasStopped = this.isStopped;
    for (const [zone, size] of this.#sizes) {
      this.#metrics.zone(zone, size);
      if (size.nodes > 0) {
        this.#states.set(zone, this.#stateFor(size));
        continue;
      }
      for (const zones of [this.#sizes, this.#states, this.#limiters, this.#queues]) zones.delete(zone);
    }
    const { isStopped } = this;
    for (const [zone, state] of this.#states)
      this.#limiter(zone).setRate(isStopped ? 0 : this.#rateFor(state, this.#sizes.get(zone)?.nodes ?? 0), nowMs);
    if (wasStopped === isStopped) return undefined;
    if (!isStopped) return 'left';
    this.#permitted.clear();
    this.#queues.clear();
    return 'entered';
  }

  /**
   * Whether the pods of a node that is not ready may leave; asking is what makes it wait for its turn.
   * @param isTainted whether they may already, as an earlier process found
   */
  permits(name: string, isTainted: boolean, nowMs: number): boolean {
    if (this.isStopped) return false;
    if (isTainted) this.#permitted.add(name);
    if (this.#permitted.has(name)) return true;
    const { zone = '' } = this.#nodes.get(name) ?? {};
    const queue = this.#queues.get(zone) ?? new Set();
    this.#queues.set(zone, queue.add(name));
    const [first] = queue;
    if (first !== name || this.#limiter(zone).take(nowMs) > 0) return false;
    this.#leaveQueue(name, zone);
    this.#permitted.add(name);
    this.#metrics.evicted(zone);
    return true;
  }

  #count(node: SeenNode | undefined, sign: 1 | -1): void {
    if (!node || node.isExcluded) return;
    const { nodes, unready } = this.#sizes.get(node.zone) ?? { nodes: 0, unready: 0 };
    this.#sizes.set(node.zone, { nodes: nodes + sign, unready: unready + (node.isReady ? 0 : sign) });
    this.#isDirty = true;
  }

  #stateFor({ nodes, unready }: ZoneSize): ZoneState {
    if (unready === nodes) return 'FullDisruption';
    return unready > unreadyMax && unready / nodes >= this.#rates.unhealthyZoneThreshold ? 'PartialDisruption' : 'Normal';
  }

  #rateFor(state: ZoneState, nodes: number): number {
    const { evictionRate, secondaryEvictionRate, largeClusterSizeThreshold } = this.#rates;
    if (state !== 'PartialDisruption') return evictionRate;
    return nodes > largeClusterSizeThreshold ? secondaryEvictionRate : 0;
  }

  #limiter(zone: string): Limiter {
    const known = this.#limiters.get(zone);
    if (known) return known;
    const fresh = new Limiter(this.#rates.evictionRate);
    this.#limiters.set(zone, fresh);
    return fresh;
  }

  #withdraw(name: string, zone: string): void {
    this.#permitted.delete(name);
    this.#leaveQueue(name, zone);
  }

  #leaveQueue(name: string, zone: string): void {
    this.#queues.get(zone)?.delete(name);
  }
}

/** What tells a failure zone from others: region and zone of the node's labels, the older ones first; empty where it has none. */
export function zoneOf({ metadata: { labels = {} } }: Node): string {
  const zone = labels['failure-domain.beta.kubernetes.io/zone'] ?? labels['topology.kubernetes.io/zone'] ?? '';
  const region = labels['failure-domain.beta.kubernetes.io/region'] ?? labels['topology.kubernetes.io/region'] ?? '';
  return zone || region ? `${region}:\0:${zone}` : '';
}
