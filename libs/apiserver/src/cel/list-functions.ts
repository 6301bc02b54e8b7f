// CEL's functions on lists as Kubernetes has them: its own library of lists, and cel-go's sets.
import { Optional } from '@marcbachmann/cel-js';
import { Duration } from '@marcbachmann/cel-js/evaluator';
import type { Meter } from './budget.ts';
import { ExpressionError } from './expression-error.ts';
import { type CelFunction, replaced } from './functions.ts';
import { entriesOf } from './values.ts';

type Comparable = bigint | number | string | boolean;

export function listFunctions(meter: Meter): CelFunction[] {
  const includesAll = (list: unknown[], sought: unknown[]) => {
    meter.spend(list.length * sought.length);
    return sought.every((value) => list.some((other) => isSame(value, other)));
  };
  const intersects = (list: unknown[], other: unknown[]) => {
    meter.spend(list.length * other.length);
    return list.some((value) => other.some((item) => isSame(value, item)));
  };
  return [
    ['list.isSorted(): bool', (list: unknown[]) => list.every((value, index) => index === 0 || !isLess(value, list[index - 1]))],
    ['list.sum(): dyn', sum],
    ['list.min(): dyn', (list: unknown[]) => best(list, 'min', isLess)],
    ['list.max(): dyn', (list: unknown[]) => best(list, 'max', (value, other) => isLess(other, value))],
    [replaced('list.indexOf(dyn): int'), (list: unknown[], value: unknown) => BigInt(list.findIndex((item) => isSame(item, value)))],
    [
      replaced('list.lastIndexOf(dyn): int'),
      (list: unknown[], value: unknown) => BigInt(list.findLastIndex((item) => isSame(item, value))),
    ],
    ['Sets.contains(list, list): bool', (_sets: Sets, list: unknown[], sought: unknown[]) => includesAll(list, sought)],
    [
      'Sets.equivalent(list, list): bool',
      (_sets: Sets, list: unknown[], other: unknown[]) => includesAll(list, other) && includesAll(other, list),
    ],
    ['Sets.intersects(list, list): bool', (_sets: Sets, list: unknown[], other: unknown[]) => intersects(list, other)],
  ];
}

/** What `sets` is in `sets.contains(…)`. */
export class Sets {
  readonly name = 'sets';
}

function isLess(value: unknown, other: unknown): boolean {
  const isNumber = (item: unknown) => typeof item === 'bigint' || typeof item === 'number';
  if ((value instanceof Date || value instanceof Duration) && other instanceof value.constructor) return value.valueOf() < Number(other);
  const areAlike = typeof value === typeof other && ['string', 'boolean'].includes(typeof value);
  if (!areAlike && !(isNumber(value) && isNumber(other))) throw new ExpressionError('the list has values that cannot be compared');
  return (value as Comparable) < (other as Comparable);
}

function best(list: unknown[], name: string, isBetter: (value: unknown, other: unknown) => boolean): unknown {
  if (list.length === 0) throw new ExpressionError(`${name}() called on an empty list`);
  return list.reduce((chosen, value) => (isBetter(value, chosen) ? value : chosen));
}

function sum(list: unknown[]): bigint | number | Duration {
  if (list.every((value) => typeof value === 'bigint')) {
    const total = list.reduce((left, right) => left + right, 0n);
    if (BigInt.asIntN(64, total) !== total) throw new ExpressionError('integer overflow');
    return total;
  }
  if (list.every((value) => typeof value === 'number')) return list.reduce((left, right) => left + right, 0);
  if (list.every((value) => value instanceof Duration)) return list.reduce((left, right) => left.addDuration(right));
  throw new ExpressionError('sum() takes a list of numbers or durations of one type');
}

export function isSame(value: unknown, other: unknown): boolean {
  if (value === other) return true;
  if (typeof value === 'bigint' && typeof other === 'number') return Number(value) === other;
  if (typeof value === 'number' && typeof other === 'bigint') return value === Number(other);
  if (Array.isArray(value)) {
    return Array.isArray(other) && value.length === other.length && value.every((item, index) => isSame(item, other[index]));
  }
  if (value instanceof Date || value instanceof Duration)
    return other instanceof value.constructor && value.valueOf() === (other as Date | Duration).valueOf();
  if (value instanceof Optional) return other instanceof Optional && isSame(value.orValue(undefined), other.orValue(undefined));
  const [entries, others] = [entriesOf(value), entriesOf(other)];
  if (!entries || !others || entries.length !== others.length) return false;
  const known = new Map(others);
  return entries.every(([key, item]) => known.has(key) && isSame(item, known.get(key)));
}
