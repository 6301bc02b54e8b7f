// What is counted about the availability of APIServices, by Kubernetes' names.
import { Counter, Gauge, type Registry } from 'prom-client';

export class AvailabilityMetrics {
  readonly #gauge: Gauge<'name'>;
  readonly #counter: Counter<'name' | 'reason'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#gauge = new Gauge({
      name: 'aggregator_unavailable_apiservice',
      help: 'Whether an APIService cannot be asked for (1) or can (0).',
      labelNames: ['name'],
      registers,
    });
    this.#counter = new Counter({
      name: 'aggregator_unavailable_apiservice_total',
      help: 'Times that an APIService came to be unavailable, by reason.',
      labelNames: ['name', 'reason'],
      registers,
    });
  }

  seen(name: string, isAvailable: boolean): void {
    this.#gauge.set({ name }, isAvailable ? 0 : 1);
  }

  lost(name: string, reason: string): void {
    this.#counter.inc({ name, reason });
  }

  /** Of one that is gone: nothing more is shown of it. */
  forget(name: string): void {
    this.#gauge.remove({ name });
  }
}
