// Conditions that a device must meet, or must not, before a pod is bound to its node.
import { duplicate, each, type FieldError, invalid, invalidAll, shownMember } from '../errors.ts';
import { qualified } from '../names.ts';
import { listOf } from './lists.ts';

const conditionsMax = 4;

interface Bound {
  bindingConditions?: string[];
  bindingFailureConditions?: string[];
}

export function bindingConditions(of: Bound, field: string): FieldError[] {
  const { bindingConditions: met = [], bindingFailureConditions: failed = [] } = of;
  const names = (list: string[], path: string) => listOf(list, conditionsMax, path, (name, at) => invalidAll(at, name, qualified(name)));
  const repeated = (list: string[], index: number) => list.indexOf(list[index] ?? '') < index;
  const [metField, failedField] = [`${field}.bindingConditions`, `${field}.bindingFailureConditions`];
  const errors = [
    ...names(met, metField),
    ...names(failed, failedField),
    ...each(met, metField, (name, at, index) => (repeated(met, index) ? [duplicate(at, name)] : [])),
    ...each(failed, failedField, (name, at, index) => [
      ...(repeated(failed, index) ? [duplicate(at, name)] : []),
      ...(met.includes(name) ? [invalid(at, name, 'bindingFailureConditions must not overlap with bindingConditions')] : []),
    ]),
  ];
  if (met.length === 0 && failed.length > 0) {
    errors.push(invalid(metField, shownMember(of, 'bindingConditions'), 'bindingConditions are required to use bindingFailureConditions'));
  }
  if (failed.length === 0 && met.length > 0) {
    const value = shownMember(of, 'bindingFailureConditions');
    errors.push(invalid(failedField, value, 'bindingFailureConditions are required to use bindingConditions'));
  }
  return errors;
}
