// Labels and the selectors over them.
import type { LabelSelector } from '../generated/meta-v1.types.ts';
import { each, type FieldError, forbidden, invalid, invalidAll, required } from './errors.ts';
import { labelValue, qualified } from './names.ts';

export const annotationsBytesMax = 256 * 1024;

/** A map of labels, or a map that selects by equality such as a node selector. */
export function labels(values: Record<string, string> | undefined, field: string): FieldError[] {
  return Object.entries(values ?? {}).flatMap(([key, value]) => [
    ...invalidAll(field, key, qualified(key)),
    ...invalidAll(field, value, labelValue(value)),
  ]);
}

export function labelSelector(selector: LabelSelector | undefined, field: string): FieldError[] {
  if (!selector) return [];
  return [
    ...labels(selector.matchLabels, `${field}.matchLabels`),
    ...each(selector.matchExpressions, `${field}.matchExpressions`, (expression, path) => {
      const errors: FieldError[] = [];
      const count = expression.values?.length ?? 0;
      switch (expression.operator) {
        case 'In':
        case 'NotIn':
          if (count === 0) errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
          break;
        case 'Exists':
        case 'DoesNotExist':
          if (count > 0) errors.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
          break;
        default:
          errors.push(invalid(`${path}.operator`, expression.operator ?? '', 'not a valid selector operator'));
      }
      errors.push(...invalidAll(`${path}.key`, expression.key ?? '', qualified(expression.key ?? '')));
      errors.push(...each(expression.values, `${path}.values`, (value, valuePath) => invalidAll(valuePath, value, labelValue(value))));
      return errors;
    }),
  ];
}

/** Whether a selector selects nothing in particular, that is everything. */
export function isEmptySelector(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions?.length ?? 0) === 0;
}

/** Whether labels meet a selector; for the check that a workload selects its own template. */
export function selects(selector: LabelSelector, values: Record<string, string> = {}): boolean {
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => Object.hasOwn(values, key) && values[key] === value);
  if (!equal) return false;
  return (selector.matchExpressions ?? []).every(({ key, operator, values: wanted = [] }) => {
    const value = Object.hasOwn(values, key) ? values[key] : undefined;
    if (operator === 'Exists') return value !== undefined;
    if (operator === 'DoesNotExist') return value === undefined;
    if (operator === 'In') return value !== undefined && wanted.includes(value);
    return operator === 'NotIn' && (value === undefined || !wanted.includes(value));
  });
}
