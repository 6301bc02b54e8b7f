// What the scheduler counts, under the names that Kubernetes' dashboards know.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Place } from './scheduling-queue.ts';

const profile = 'default-scheduler';

export type AttemptResult = 'scheduled' | 'unschedulable' | 'error';

export class SchedulerMetrics {
  readonly #registry: Registry;
  readonly #attempts: Counter<'result' | 'profile'>;
  readonly #duration: Histogram<'attempts'>;
  readonly #pending: Gauge<'queue'>;
  readonly #preemptions: Counter;
  readonly #victims: Histogram;

  constructor(registry: Registry, pending: () => Record<Place, number>) {
    this.#registry = registry;
    const registers = [registry];
    this.#attempts = new Counter({
      name: 'scheduler_schedule_attempts_total',
      help: 'Attempts to schedule pods, by how they ended.',
      labelNames: ['result', 'profile'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'scheduler_pod_scheduling_sli_duration_seconds',
      help: 'From when a pod could first be tried until it was bound.',
      labelNames: ['attempts'],
      buckets: Array.from({ length: 20 }, (_, power) => 0.01 * 2 ** power),
      registers,
    });
    this.#pending = new Gauge({
      name: 'scheduler_pending_pods',
      help: 'Pods that wait for a node, by where they wait.',
      labelNames: ['queue'],
      registers,
      collect: () => {
        const { active, backoff, unschedulable, preempting, gated } = pending();
        const counts = { active, backoff, unschedulable: unschedulable + preempting, gated };
        for (const [queue, count] of Object.entries(counts)) this.#pending.set({ queue }, count);
      },
    });
    this.#preemptions = new Counter({
      name: 'scheduler_preemption_attempts_total',
      help: 'Attempts to make room for pods by removing others.',
      registers,
    });
    this.#victims = new Histogram({
      name: 'scheduler_preemption_victims',
      help: 'Pods chosen to be removed for another.',
      buckets: Array.from({ length: 7 }, (_, power) => 2 ** power),
      registers,
    });
  }

  attempted(result: AttemptResult): void {
    this.#attempts.inc({ result, profile });
  }

  bound(attempts: number, durationSeconds: number): void {
    this.#duration.observe({ attempts: String(Math.min(attempts, 16)) }, durationSeconds);
  }

  preemptionAttempted(): void {
    this.#preemptions.inc();
  }

  preempted(victims: number): void {
    this.#victims.observe(victims);
  }

  /** So that a scheduler may be started again in the same process. */
  remove(): void {
    const names = ['schedule_attempts_total', 'pod_scheduling_sli_duration_seconds', 'pending_pods', 'preemption_attempts_total'];
    for (const name of [...names, 'preemption_victims']) this.#registry.removeSingleMetric(`scheduler_${name}`);
  }
}
