// cel-go's functions that make lists of lists (its extension of lists, version 3, which Kubernetes has since 1.34).
import { Optional } from '@marcbachmann/cel-js';
import type { Meter } from './budget.ts';
import { ExpressionError } from './expression-error.ts';
import type { CelFunction } from './functions.ts';
import { isSame } from './list-functions.ts';
import { sortedBy } from './two-variable-macros.ts';

/** What `lists` is in `lists.range(…)`. */
export class Lists {
  readonly name = 'lists';
}

export function listTransformations(meter: Meter): CelFunction[] {
  const flattened = (list: unknown[], depth = 1n): unknown[] => {
    if (depth < 0n) throw new ExpressionError('level must be non-negative');
    return flatten(list, Number(depth), meter);
  };
  return [
    ['list.slice(int, int): list<dyn>', slice],
    ['list.flatten(): list<dyn>', flattened],
    ['list.flatten(int): list<dyn>', flattened],
    ['list.distinct(): list<dyn>', (list: unknown[]) => distinct(list, meter)],
    ['list.reverse(): list<dyn>', (list: unknown[]) => list.toReversed()],
    ['list.sort(): list<dyn>', (list: unknown[]) => sorted(list, meter)],
    ['list.first(): optional<dyn>', (list: unknown[]) => (list.length > 0 ? Optional.of(list[0]) : Optional.none())],
    ['list.last(): optional<dyn>', (list: unknown[]) => (list.length > 0 ? Optional.of(list.at(-1)) : Optional.none())],
    ['list.unwrapOpt(): list<dyn>', unwrapped],
    ['OptionalNamespace.unwrap(list): list<dyn>', (_optional: unknown, list: unknown[]) => unwrapped(list)],
    ['Lists.range(int): list<int>', (_lists: Lists, count: bigint) => range(count, meter)],
  ];
}

function slice(list: unknown[], start: bigint, end: bigint): unknown[] {
  const asked = `cannot slice(${start}, ${end})`;
  if (start < 0n || end < 0n) throw new ExpressionError(`${asked}, negative indexes not supported`);
  if (start > end) throw new ExpressionError(`${asked}, start index must be less than or equal to end index`);
  if (end > BigInt(list.length)) throw new ExpressionError(`${asked}, list is length ${list.length}`);
  return list.slice(Number(start), Number(end));
}

function flatten(list: unknown[], depth: number, meter: Meter): unknown[] {
  meter.spend(list.length);
  return depth === 0 ? list : list.flatMap((item) => (Array.isArray(item) ? flatten(item, depth - 1, meter) : [item]));
}

function distinct(list: unknown[], meter: Meter): unknown[] {
  const found: unknown[] = [];
  for (const item of list) {
    meter.spend(1 + found.length);
    if (!found.some((other) => isSame(item, other))) found.push(item);
  }
  return found;
}

function sorted(list: unknown[], meter: Meter): unknown[] {
  meter.spend(list.length * Math.ceil(Math.log2(list.length + 1)));
  return sortedBy(list, (item) => item);
}

function unwrapped(list: unknown[]): unknown[] {
  return list.flatMap((item) => {
    if (!(item instanceof Optional)) throw new ExpressionError('unwrap() takes a list of optional values');
    return item.hasValue() ? [item.value()] : [];
  });
}

function range(count: bigint, meter: Meter): bigint[] {
  // Before it is made.
  meter.spend(Math.max(0, Number(count)));
  return Array.from({ length: Math.max(0, Number(count)) }, (_, i) => BigInt(i));
}
