// What policies add to audit events: failures of validations, and the annotations that they compute.
import type { ValidatingAdmissionPolicyBinding } from '@berth/api';
import type { Annotated } from '../../types.ts';

const valueLengthMax = 10 * 1024;

/** The key and value under which a failed validation is recorded. */
export function failureAnnotation(binding: ValidatingAdmissionPolicyBinding, index: number, message: string): [key: string, value: string] {
  const { policyName, validationActions } = binding.spec;
  const failure = { message, policy: policyName, binding: binding.metadata.name, expressionIndex: index, validationActions };
  return ['validation.policy.admission.k8s.io/validation_failure', JSON.stringify([failure])];
}

/** Of one policy: what several bindings say otherwise stands side by side. */
export class AnnotationCollector {
  readonly #values = new Map<string, Set<string>>();

  add(key: string, value: string): void {
    const cut = value.slice(0, valueLengthMax);
    this.#values.set(key, (this.#values.get(key) ?? new Set<string>()).add(cut));
  }

  publish(policyName: string, audit: Annotated | undefined): void {
    for (const [key, values] of this.#values) audit?.annotate(`${policyName}/${key}`, [...values].join(', '));
  }
}
