// Priority classes: which values and names are users' to take, and what stays as it was made.
import type { PriorityClass } from '../generated/scheduling-v1.types.ts';
import { type FieldError, forbidden, immutable, invalid, oneOf } from './errors.ts';

const userPriorityMax = 1_000_000_000;
const systemPrefix = 'system-';
export const systemPriorities: Record<string, number> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};

export function validatePriorityClassFields(priorityClass: PriorityClass): FieldError[] {
  const { metadata, value = 0, preemptionPolicy } = priorityClass;
  const errors: FieldError[] = [];
  if (metadata.name?.startsWith(systemPrefix)) {
    const reason = notSystem(priorityClass);
    if (reason) {
      const rule = `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${reason}`;
      errors.push(forbidden('metadata.name', rule));
    }
  } else if (value > userPriorityMax) {
    errors.push(forbidden('value', `maximum allowed value of a user defined priority is ${userPriorityMax}`));
  }
  return [...errors, ...oneOf('preemptionPolicy', preemptionPolicy, ['PreemptLowerPriority', 'Never'])];
}

function notSystem({ metadata, value = 0, globalDefault = false }: PriorityClass): string | undefined {
  const { name } = metadata;
  const known = Object.hasOwn(systemPriorities, name) ? systemPriorities[name] : undefined;
  if (known === undefined) return `${name} is not a known system priority class`;
  if (value !== known) return `value of ${name} PriorityClass must be ${known}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

/** Pods carry the number that their class had. */
export function validatePriorityClassUpdate(next: PriorityClass, old: PriorityClass): FieldError[] {
  const errors: FieldError[] = [];
  if ((next.value ?? 0) !== (old.value ?? 0)) errors.push(forbidden('value', 'may not be changed in an update.'));
  if (next.preemptionPolicy !== old.preemptionPolicy) errors.push(invalid('preemptionPolicy', next.preemptionPolicy ?? '', immutable));
  return errors;
}
