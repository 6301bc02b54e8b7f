// What an autoscaler's metric shall reach: a total, a value per pod, or a share of what pods request.
import { isQuantity, parseQuantity } from '@berth/machinery';
import type { MetricTarget } from '../generated/autoscaling-v2.types.ts';
import { type FieldError, forbidden, invalid, required } from './errors.ts';

export function metricTarget(target: MetricTarget | undefined, at: string): FieldError[] {
  const field = `${at}.target`;
  const { type, value, averageValue, averageUtilization } = target ?? {};
  const errors: FieldError[] = [];
  if (!type) errors.push(required(`${field}.type`, 'must specify a metric target type'));
  if (!['Utilization', 'Value', 'AverageValue'].includes(type ?? '')) {
    errors.push(invalid(`${field}.type`, type ?? '', 'must be either Utilization, Value, or AverageValue'));
  }
  for (const [key, amount] of Object.entries({ value, averageValue })) {
    if (amount !== undefined && !isPositive(amount)) errors.push(invalid(`${field}.${key}`, amount, 'must be positive'));
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(invalid(`${field}.averageUtilization`, averageUtilization, 'must be greater than 0'));
  }
  return errors;
}

export function resourceTarget(target: MetricTarget | undefined, at: string): FieldError[] {
  const { averageValue, averageUtilization } = target ?? {};
  const errors = metricTarget(target, at);
  if (averageValue === undefined && averageUtilization === undefined) {
    errors.push(required(`${at}.target.averageUtilization`, 'must set either a target raw value or a target utilization'));
  }
  if (averageValue !== undefined && averageUtilization !== undefined) {
    errors.push(forbidden(`${at}.target.averageValue`, 'may not set both a target raw value and a target utilization'));
  }
  return errors;
}

export function podsTarget(target: MetricTarget | undefined, at: string): FieldError[] {
  return target?.averageValue === undefined ? [required(`${at}.target.averageValue`, 'must specify a positive target averageValue')] : [];
}

export function perPodOrTotal(target: MetricTarget | undefined, at: string): FieldError[] {
  const { value, averageValue } = target ?? {};
  if (value !== undefined && averageValue !== undefined) {
    return [forbidden(`${at}.target.value`, 'may not set both a target value for metric and a per-pod target')];
  }
  if (value !== undefined || averageValue !== undefined) return [];
  return [required(`${at}.target.averageValue`, 'must set either a target value for metric or a per-pod target')];
}

function isPositive(amount: string): boolean {
  return isQuantity(amount) && parseQuantity(amount).nanos > 0n;
}
