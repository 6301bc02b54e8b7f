// Disruption budgets: one bound, not both, and a selector that can be read.
import type { PodDisruptionBudget } from '../generated/policy-v1.types.ts';
import { validateConditions } from './conditions.ts';
import { type FieldError, invalid, nonNegative, notSupported, shown } from './errors.ts';
import { labelSelector } from './labels.ts';
import { percentage } from './names.ts';

export function validateDisruptionBudget({ spec }: PodDisruptionBudget): FieldError[] {
  const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy: policy } = spec;
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    errors.push(invalid('spec', shown('policy.v1.PodDisruptionBudgetSpec', spec), 'minAvailable and maxUnavailable cannot be both set'));
  }
  errors.push(...countOrPercentage('spec.minAvailable', minAvailable), ...countOrPercentage('spec.maxUnavailable', maxUnavailable));
  errors.push(...labelSelector(spec.selector, 'spec.selector'));
  const policies = ['AlwaysAllow', 'IfHealthyBudget'];
  if (policy !== undefined && !policies.includes(policy)) errors.push(notSupported('spec.unhealthyPodEvictionPolicy', policy, policies));
  return errors;
}

function countOrPercentage(field: string, value: number | string | undefined): FieldError[] {
  if (typeof value !== 'string') return nonNegative(field, value);
  const reasons = percentage(value);
  if (reasons.length > 0) return reasons.map((detail) => invalid(field, value, detail));
  return Number.parseInt(value, 10) > 100 ? [invalid(field, value, 'must not be greater than 100%')] : [];
}

export function validateDisruptionBudgetStatus({ status = {} }: PodDisruptionBudget): FieldError[] {
  const counts = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const;
  return [
    ...counts.flatMap((key) => nonNegative(`status.${key}`, status[key])),
    ...validateConditions(status.conditions, 'status.conditions'),
  ];
}
