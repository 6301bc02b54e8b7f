// What is counted of the controllers' queues, under the names, labels and buckets of client-go's.
import type { QueueMetrics, QueueState } from '@berth/controller';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const durationBuckets = Array.from({ length: 10 }, (_, power) => 10 ** (power - 8));
const metricNames = [
  ...['depth', 'adds_total', 'queue_duration_seconds', 'work_duration_seconds'],
  ...['unfinished_work_seconds', 'longest_running_processor_seconds', 'retries_total'],
];

export class QueueCounters {
  readonly #registry: Registry;
  readonly #queues = new Map<string, QueueState>();
  readonly #adds: Counter<'name'>;
  readonly #retries: Counter<'name'>;
  readonly #waited: Histogram<'name'>;
  readonly #worked: Histogram<'name'>;

  constructor(registry: Registry) {
    this.#registry = registry;
    const common = { labelNames: ['name'] as const, registers: [registry] };
    this.#adds = new Counter({ name: 'workqueue_adds_total', help: 'Keys that came into a queue.', ...common });
    this.#retries = new Counter({ name: 'workqueue_retries_total', help: 'Keys that were to be looked at again.', ...common });
    const timed = { ...common, buckets: durationBuckets };
    this.#waited = new Histogram({ name: 'workqueue_queue_duration_seconds', help: 'How long keys waited in a queue.', ...timed });
    this.#worked = new Histogram({ name: 'workqueue_work_duration_seconds', help: 'How long the work for a key took.', ...timed });
    this.#gauge('depth', 'Keys in a queue.', ({ length }) => length);
    this.#gauge('unfinished_work_seconds', 'How long the keys under way have been so, added up.', (queue) =>
      queue.workingSeconds().reduce((sum, seconds) => sum + seconds, 0),
    );
    this.#gauge('longest_running_processor_seconds', 'How long the oldest key under way has been so.', (queue) =>
      Math.max(0, ...queue.workingSeconds()),
    );
  }

  /** @param name the controller's */
  of(name: string, queue: QueueState): QueueMetrics {
    this.#queues.set(name, queue);
    this.#adds.inc({ name }, 0);
    this.#retries.inc({ name }, 0);
    return {
      added: () => this.#adds.inc({ name }),
      retried: () => this.#retries.inc({ name }),
      taken: (waitedSeconds) => this.#waited.observe({ name }, waitedSeconds),
      done: (workedSeconds) => this.#worked.observe({ name }, workedSeconds),
    };
  }

  /** Its names may be registered again, by the next controllers of the process. */
  stop(): void {
    for (const name of metricNames) this.#registry.removeSingleMetric(`workqueue_${name}`);
  }

  #gauge(name: string, help: string, measure: (queue: QueueState) => number): void {
    const queues = this.#queues;
    new Gauge({
      ...{ name: `workqueue_${name}`, help, labelNames: ['name'], registers: [this.#registry] },
      collect() {
        for (const [queueName, queue] of queues) this.set({ name: queueName }, measure(queue));
      },
    });
  }
}
