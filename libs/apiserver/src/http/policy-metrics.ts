// What admission policies make of requests, under Kubernetes' names.
import { Counter, Histogram, type Registry } from 'prom-client';
import type { PolicyCheck } from '../core/types.ts';

const labelNames = ['policy', 'policy_binding', 'error_type', 'enforcement_action'] as const;
/** Kubernetes' own. */
const buckets = [0.0000005, 0.001, 0.01, 0.1, 1];

export class PolicyCounts {
  readonly #checks: Counter<(typeof labelNames)[number]>;
  readonly #durations: Histogram<(typeof labelNames)[number]>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#checks = new Counter({
      name: 'apiserver_validating_admission_policy_check_total',
      help: 'Validations of admission policies that failed or were ended by an error, by policy, binding and what was done.',
      labelNames,
      registers,
    });
    this.#durations = new Histogram({
      name: 'apiserver_validating_admission_policy_check_duration_seconds',
      help: 'Time that such a validation took.',
      labelNames,
      buckets,
      registers,
    });
  }

  checked({ policy, binding, errorType, action, seconds }: PolicyCheck): void {
    const labels = { policy, policy_binding: binding, error_type: errorType, enforcement_action: action };
    this.#checks.inc(labels);
    this.#durations.observe(labels, seconds);
  }
}
