// What is counted about lost nodes, under the names that Kubernetes' dashboards know.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ZoneMetrics, ZoneSize } from './zone-disruption.ts';

export type RemovalReason = 'terminated' | 'out-of-service' | 'orphaned' | 'unscheduled';

/** What the controllers of nodes and their pods count; a test may leave all of it out. */
export interface NodeMetrics extends ZoneMetrics {
  podEvicted(afterSeconds: number): void;
  podForceDeleted(namespace: string, reason: RemovalReason): void;
}

export const uncounted: NodeMetrics = { zone() {}, evicted() {}, podEvicted() {}, podForceDeleted() {} };

export class NodeCounters implements NodeMetrics {
  readonly #registry: Registry;
  readonly #health: Gauge<'zone'>;
  readonly #size: Gauge<'zone'>;
  readonly #unready: Gauge<'zone'>;
  readonly #evictions: Counter<'zone'>;
  readonly #podDeletions: Counter;
  readonly #podDeletionSeconds: Histogram;
  readonly #forceDeletions: Counter<'namespace' | 'reason'>;

  constructor(registry: Registry) {
    this.#registry = registry;
    const zones = { labelNames: ['zone'] as const, registers: [registry] };
    this.#health = new Gauge({ name: 'node_collector_zone_health', help: 'Percentage of ready nodes, by zone.', ...zones });
    this.#size = new Gauge({ name: 'node_collector_zone_size', help: 'Nodes, by zone.', ...zones });
    this.#unready = new Gauge({ name: 'node_collector_unhealthy_nodes_in_zone', help: 'Nodes that are not ready, by zone.', ...zones });
    this.#evictions = new Counter({ name: 'node_collector_evictions_total', help: 'Nodes whose pods had to leave, by zone.', ...zones });
    this.#podDeletions = new Counter({
      name: 'taint_eviction_controller_pod_deletions_total',
      help: 'Pods that were deleted for a taint of their node.',
      registers: [registry],
    });
    this.#podDeletionSeconds = new Histogram({
      name: 'taint_eviction_controller_pod_deletion_duration_seconds',
      help: 'From when a pod had to leave for a taint until it was deleted.',
      buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60, 120, 180, 240],
      registers: [registry],
    });
    this.#forceDeletions = new Counter({
      name: 'pod_gc_collector_force_delete_pods_total',
      help: 'Pods that were removed without their node, by reason.',
      labelNames: ['namespace', 'reason'],
      registers: [registry],
    });
  }

  zone(zone: string, { nodes, unready }: ZoneSize): void {
    this.#size.set({ zone }, nodes);
    this.#unready.set({ zone }, unready);
    this.#health.set({ zone }, nodes === 0 ? 100 : (100 * (nodes - unready)) / nodes);
    this.#evictions.inc({ zone }, 0);
  }

  evicted(zone: string): void {
    this.#evictions.inc({ zone });
  }

  podEvicted(afterSeconds: number): void {
    this.#podDeletions.inc();
    this.#podDeletionSeconds.observe(afterSeconds);
  }

  podForceDeleted(namespace: string, reason: RemovalReason): void {
    this.#forceDeletions.inc({ namespace, reason });
  }

  /** Its names may be registered again, by the next controllers of the process. */
  stop(): void {
    const zones = ['zone_health', 'zone_size', 'unhealthy_nodes_in_zone', 'evictions_total'].map((name) => `node_collector_${name}`);
    const pods = ['pod_deletions_total', 'pod_deletion_duration_seconds'].map((name) => `taint_eviction_controller_${name}`);
    for (const name of [...zones, ...pods, 'pod_gc_collector_force_delete_pods_total']) this.#registry.removeSingleMetric(name);
  }
}
