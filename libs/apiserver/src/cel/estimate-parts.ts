// What is known of parts of an expression that is estimated, and what operators make of them (cel-go, checker/cost.go).
import { type DeclaredType, simple } from './declared-type.ts';
import { add, by, either, fixed, plus, type Size, unknownSize } from './estimate-size.ts';
import { perCharacter } from './function-estimates.ts';

export const listCost = 10;
export const mapCost = 30;

/** What is known of a part of the expression. */
export interface Part {
  cost: number;
  type: DeclaredType;
  /** From a variable down: fields, `@items`, `@values`, `@keys`. */
  path?: string[] | undefined;
  size?: Size | undefined;
  /** Of lists and maps that are made on the way: how large what they hold is. */
  entry?: Entry | undefined;
  literal?: unknown;
}

export interface Entry {
  key: Size;
  value: Size;
}

/** Of one step and, beside it, of the whole. */
export function loopCosts(name: string, body: number): [each: number, once: number] {
  if (name === 'all') return [add(body, 3), 1];
  if (name === 'exists') return [add(body, 4), 1];
  if (name === 'exists_one' || name === 'existsOne') return [add(body, 2), 2];
  if (name === 'transformMap') return [add(body, 3), mapCost + 1];
  if (name === 'transformMapEntry') return [add(body, 2), mapCost + 1];
  return [add(body, name === 'filter' ? 13 : 12), listCost + 1];
}

export function literal(value: unknown): Part {
  if (typeof value === 'string') return { cost: 0, type: simple('string'), size: fixed([...value].length), literal: value };
  if (value instanceof Uint8Array) return { cost: 0, type: simple('bytes'), size: fixed(value.length), literal: value };
  const kind = typeof value === 'bigint' ? 'int' : typeof value === 'number' ? 'double' : typeof value === 'boolean' ? 'bool' : 'dyn';
  return { cost: 0, type: simple(kind), size: fixed(1), literal: value };
}

export const listOf = (elem: DeclaredType): DeclaredType => ({ kind: 'list', elem, maxElements: 0, minSize: 2 });

export function sizeOf({ size }: Part): Size {
  return size ?? unknownSize;
}

export function sizes(parts: Part[]): Size {
  return parts.length === 0 ? fixed(0) : parts.map(sizeOf).reduce(either);
}

export function eitherEntry({ entry: a }: Part, { entry: b }: Part): Entry | undefined {
  return a && b && { key: either(a.key, b.key), value: either(a.value, b.value) };
}

export function sum(cost: number, a: Part, b: Part): Part {
  const { kind } = a.type.kind === 'dyn' ? b.type : a.type;
  const size = plus(sizeOf(a), sizeOf(b));
  if (kind === 'list') return { cost: add(cost, 1), type: a.type, size, entry: eitherEntry(a, b) };
  if (kind !== 'string' && kind !== 'bytes' && kind !== 'dyn') return { cost: add(cost, 1), type: a.type };
  return { cost: add(cost, by(size.max, perCharacter)), type: a.type, size };
}

/** As far as the shorter one goes. */
export function equality(a: Part, b: Part): number {
  if (a.type.kind === 'opaque' && b.type.kind === 'opaque') return 1;
  return by(Math.min(sizeOf(a).max, sizeOf(b).max), perCharacter);
}

export function ordering(a: Part, b: Part): number {
  const kinds = [a.type.kind, b.type.kind];
  const isText = kinds.some((kind) => kind === 'string' || kind === 'bytes');
  if (!isText && !kinds.every((kind) => kind === 'dyn')) return 1;
  return Math.max(isText ? 0 : 1, equality(a, b));
}
