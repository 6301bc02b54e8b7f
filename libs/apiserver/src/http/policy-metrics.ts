// What admission policies make of requests, under Kubernetes' names.
import { Counter, Histogram, type Registry } from 'prom-client';
import type { MutationCheck, PolicyCheck } from '../core/types.ts';

const mutationLabels = ['policy', 'policy_binding', 'error_type'] as const;
const labelNames = [...mutationLabels, 'enforcement_action'] as const;
/** Kubernetes' own. */
const buckets = [0.0000005, 0.001, 0.01, 0.1, 1];

export class PolicyCounts {
  readonly #checks: Counter<(typeof labelNames)[number]>;
  readonly #durations: Histogram<(typeof labelNames)[number]>;
  readonly #mutations: Counter<(typeof mutationLabels)[number]>;
  readonly #mutationDurations: Histogram<(typeof mutationLabels)[number]>;

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
    this.#mutations = new Counter({
      name: 'apiserver_mutating_admission_policy_check_total',
      help: 'Mutations of admission policies, by policy, binding and what became of them.',
      labelNames: mutationLabels,
      registers,
    });
    this.#mutationDurations = new Histogram({
      name: 'apiserver_mutating_admission_policy_check_duration_seconds',
      help: 'Time that such a mutation took.',
      labelNames: mutationLabels,
      buckets,
      registers,
    });
  }

  mutated({ policy, binding, errorType, seconds }: MutationCheck): void {
    const labels = { policy, policy_binding: binding, error_type: errorType };
    this.#mutations.inc(labels);
    this.#mutationDurations.observe(labels, seconds);
  }

  checked({ policy, binding, errorType, action, seconds }: PolicyCheck): void {
    const labels = { policy, policy_binding: binding, error_type: errorType, enforcement_action: action };
    this.#checks.inc(labels);
    this.#durations.observe(labels, seconds);
  }
}
