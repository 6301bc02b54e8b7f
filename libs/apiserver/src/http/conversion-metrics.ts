// What webhooks that convert custom resources take, and how they fail, under Kubernetes' names.
import { Counter, Histogram, type Registry } from 'prom-client';
import type { ConversionObserved } from '../core/types.ts';

const requestBucketsSeconds = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 45, 60];
const definitionBucketsSeconds = Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i);

export class ConversionMetrics {
  readonly #requests: Counter<'result' | 'failure_type'>;
  readonly #durations: Histogram<'result' | 'failure_type'>;
  readonly #byDefinition: Histogram<'crd_name' | 'from_version' | 'to_version' | 'succeeded'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({
      name: 'apiserver_conversion_webhook_request_total',
      help: 'Calls of conversion webhooks, by whether they succeeded and why not.',
      labelNames: ['result', 'failure_type'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'apiserver_conversion_webhook_duration_seconds',
      help: 'Time that calls of conversion webhooks took.',
      labelNames: ['result', 'failure_type'],
      buckets: requestBucketsSeconds,
      registers,
    });
    this.#byDefinition = new Histogram({
      name: 'apiserver_crd_conversion_webhook_duration_seconds',
      help: 'Time that conversions by webhook took, by definition and versions.',
      labelNames: ['crd_name', 'from_version', 'to_version', 'succeeded'],
      buckets: definitionBucketsSeconds,
      registers,
    });
  }

  observe({ definition, from, to, durationSeconds, failure }: ConversionObserved): void {
    const labels = { result: failure ? 'failure' : 'success', failure_type: failure ?? '' };
    this.#requests.inc(labels);
    this.#durations.observe(labels, durationSeconds);
    const of = { crd_name: definition, from_version: from, to_version: to, succeeded: String(!failure) };
    this.#byDefinition.observe(of, durationSeconds);
  }
}
