// Limit ranges: every bound of a resource must fit the others, or no pod could ever be admitted.
import { parseQuantity } from '@berth/machinery';
import type { LimitRange, LimitRangeItem } from '../generated/core-v1.types.ts';
import { duplicate, each, type FieldError, forbidden, invalid, invalidAll, required } from './errors.ts';
import { qualified } from './names.ts';
import { compareQuantities, containerResourceName, isQuantity, mayOvercommit, resourceName } from './resources.ts';

const standardTypes = ['Pod', 'Container', 'PersistentVolumeClaim'];
const bounds = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;
type Bound = (typeof bounds)[number];

/** Lower bound, upper bound, at which of the two it is reported, how both are called, and whose amount is shown. */
const orders: [low: Bound, high: Bound, reported: Bound, lowName: string, highName: string, shown?: Bound][] = [
  ['min', 'max', 'min', 'min value', 'max value'],
  ['min', 'defaultRequest', 'defaultRequest', 'min value', 'default request value'],
  ['defaultRequest', 'max', 'defaultRequest', 'default request value', 'max value'],
  ['defaultRequest', 'default', 'defaultRequest', 'default request value', 'default limit value'],
  ['min', 'default', 'default', 'min value', 'default value', 'min'],
  ['default', 'max', 'default', 'default value', 'max value', 'max'],
];

export function validateLimitRangeSpec({ spec }: LimitRange): FieldError[] {
  const limits = spec?.limits ?? [];
  return [
    ...each(limits, 'spec.limits', item),
    ...limits.flatMap(({ type = '' }, index) => {
      const isRepeated = limits.slice(0, index).some((other) => (other.type ?? '') === type);
      return isRepeated ? [duplicate(`spec.limits[${index}].type`, type)] : [];
    }),
  ];
}

function item(limit: LimitRangeItem, field: string): FieldError[] {
  const { type = '' } = limit;
  const errors = typeName(type, `${field}.type`);
  for (const bound of bounds) {
    const isDefault = bound === 'default' || bound === 'defaultRequest';
    if (type === 'Pod' && isDefault && Object.keys(limit[bound] ?? {}).length > 0) {
      errors.push(forbidden(`${field}.${bound}`, "may not be specified when `type` is 'Pod'"));
    } else errors.push(...amounts(type, limit[bound], `${field}.${bound}`));
  }
  if (type === 'PersistentVolumeClaim' && !limit.min?.storage && !limit.max?.storage) {
    errors.push(required(`${field}.limits`, 'either minimum or maximum storage value is required, but neither was provided'));
  }
  const { default: _default, defaultRequest: _request, ...bounded } = limit;
  const compared: LimitRangeItem = type === 'Pod' ? bounded : limit;
  const resources = new Set(bounds.flatMap((bound) => Object.keys(compared[bound] ?? {})));
  return [...errors, ...[...resources].flatMap((resource) => relations(compared, resource, field))];
}

function typeName(type: string, field: string): FieldError[] {
  const errors = invalidAll(field, type, qualified(type));
  if (errors.length > 0 || type.includes('/') || standardTypes.includes(type)) return errors;
  return [invalid(field, type, 'must be a standard limit type or fully qualified')];
}

function amounts(type: string, list: Record<string, string> | undefined, field: string): FieldError[] {
  const check = type === 'Pod' || type === 'Container' ? containerResourceName : resourceName;
  return Object.keys(list ?? {}).flatMap((name) => check(name, `${field}[${name}]`));
}

function relations(limit: LimitRangeItem, resource: string, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const of = (bound: Bound): string | undefined => limit[bound]?.[resource];
  const at = (bound: Bound): string => `${field}.${bound}[${resource}]`;
  for (const [low, high, reported, lowName, highName, shown = reported] of orders) {
    const [from, to] = [of(low), of(high)];
    if (!isQuantity(from) || !isQuantity(to) || compareQuantities(from, to) <= 0) continue;
    errors.push(invalid(at(reported), of(shown), `${lowName} ${from} is greater than ${highName} ${to}`));
  }
  errors.push(...ratio(of('maxLimitRequestRatio'), of('min'), of('max'), at('maxLimitRequestRatio')));
  const [given, asked] = [of('default'), of('defaultRequest')];
  if (!mayOvercommit(resource) && isQuantity(given) && isQuantity(asked) && compareQuantities(given, asked) !== 0) {
    errors.push(invalid(at('defaultRequest'), asked, `default value ${given} must equal to defaultRequest value ${asked} in ${resource}`));
  }
  return errors;
}

function ratio(amount: string | undefined, min: string | undefined, max: string | undefined, field: string): FieldError[] {
  if (!isQuantity(amount)) return [];
  const errors = compareQuantities(amount, '1') < 0 ? [invalid(field, amount, `ratio ${amount} is less than 1`)] : [];
  if (!isQuantity(min) || !isQuantity(max)) return errors;
  const largest = parseQuantity(max).toNumber() / parseQuantity(min).toNumber();
  if (parseQuantity(amount).toNumber() > largest) {
    errors.push(invalid(field, amount, `ratio ${amount} is greater than max/min = ${largest.toFixed(6)}`));
  }
  return errors;
}
