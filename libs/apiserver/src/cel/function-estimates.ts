// What calls of functions cost at most, and how large what they return may be, as Kubernetes' estimates have it (k8s.io/apiserver,
// pkg/cel/library/cost.go, and cel-go's own).
import { type DeclaredType, dyn, simple } from './declared-type.ts';
import { add, by, fixed, most, plus, product, type Size, times } from './estimate-size.ts';

export const perCharacter = 0.1;
const perCharacterOfPattern = 0.25;

/** An operand, as far as it is known. */
export interface Operand {
  type: DeclaredType;
  size: Size;
  /** Of a list: how large its items are. */
  itemSize: Size;
  /** The number that it is, written out. */
  literal?: unknown;
}

export interface CallEstimate {
  cost: number;
  type: DeclaredType;
  /** Undefined where the type tells, if anything does. */
  size?: Size;
}

/** @param target undefined for functions that are no method */
type Estimate = (target: Operand | undefined, args: Operand[]) => CallEstimate | undefined;

const text = simple('string');
const bool = simple('bool');
const int = simple('int');
const opaque = simple('opaque');
const listOf = (elem: DeclaredType): DeclaredType => ({ kind: 'list', elem, maxElements: 0, minSize: 2 });

const constant =
  (type: DeclaredType): Estimate =>
  () => ({ cost: 1, type });

/** As much as reading the target, or the only argument, so many times. */
const reading =
  (type: DeclaredType, { passes = 1, keeps = false }: { passes?: number; keeps?: boolean } = {}): Estimate =>
  (target, [first]) => {
    const read = target ?? first;
    return read && { cost: by(read.size.max, passes * perCharacter), type, ...(keeps && { size: read.size }) };
  };

const searching: Estimate = (target, [pattern]) => {
  if (!target || !pattern) return undefined;
  const cost = times(by(add(target.size.max, 1), perCharacter), by(pattern.size.max, perCharacterOfPattern));
  return { cost, type: bool };
};

const finding =
  (type: DeclaredType): Estimate =>
  (target, args) => {
    const found = searching(target, args);
    return found && target && { ...found, type, size: { min: 0, max: target.size.max } };
  };

const overItems: Estimate = (target) => {
  if (!target) return undefined;
  const { type, size, itemSize } = target;
  if (type.kind !== 'list') return { cost: by(size.max, perCharacter), type: int };
  const hasText = type.elem?.kind === 'string' || type.elem?.kind === 'bytes';
  return { cost: times(size.max, 1 + (hasText ? by(itemSize.max, perCharacter) : 0)), type: type.elem ?? dyn };
};

const replacing: Estimate = (target, [given, by_]) => {
  if (!target || !given || !by_) return undefined;
  const { size } = target;
  const isEmpty = given.size.min === 0;
  const isNoLonger = by_.size.max <= given.size.min;
  const count = isEmpty ? size.max + 1 : isNoLonger ? 0 : Math.ceil(size.max / given.size.min);
  const kept = isEmpty || isNoLonger ? size.max : 0;
  return { cost: by(size.max, 2 * perCharacter), type: text, size: { min: 0, max: add(times(count, by_.size.max), kept) } };
};

const splitting: Estimate = (target, [, limit]) => {
  if (!target) return undefined;
  const max = typeof limit?.literal === 'bigint' && limit.literal >= 0n ? Number(limit.literal) : target.size.max;
  return { cost: by(target.size.max, 2 * perCharacter), type: listOf(text), size: { min: 0, max } };
};

const joining: Estimate = (target, [separator]) => {
  if (!target) return undefined;
  const items = product(target.size, target.itemSize);
  const less = (count: number) => Math.max(0, count - 1);
  const gaps = separator ? product(separator.size, { min: less(target.size.min), max: less(target.size.max) }) : fixed(0);
  const size = plus(items, gaps);
  return { cost: by(size.max, perCharacter), type: text, size };
};

const comparingSets =
  (factor: number): Estimate =>
  (_target, [a, b]) =>
    a && b && { cost: add(times(times(a.size.max, b.size.max), factor), 1), type: bool };

const inRange: Estimate = (_target, [other]) =>
  other && { cost: add(4, other.type.kind === 'string' ? by(other.size.max, perCharacter) : 0), type: bool };

const toText: Estimate = (_target, [of]) => {
  if (of?.type.kind !== 'bytes') return { cost: 1, type: text };
  return { cost: by(of.size.max, perCharacter), type: text, size: { min: Math.floor(of.size.min / 4), max: of.size.max } };
};

const toBytes: Estimate = (_target, [of]) =>
  of && { cost: by(of.size.max, perCharacter), type: simple('bytes'), size: { min: of.size.min, max: times(of.size.max, 4) } };

const affix: Estimate = (_target, [part]) => part && { cost: by(part.size.max, perCharacter), type: bool };

const containing: Estimate = (target, [part]) =>
  target && part && { cost: times(by(target.size.max, perCharacter), by(part.size.max, perCharacter)), type: bool };

/** A list is made. @param sizeOf the list */
const makingList =
  (
    sizeOf: (target: Operand | undefined, args: Operand[]) => Size | undefined,
    factor: (target: Operand | undefined, args: Operand[]) => number,
  ): Estimate =>
  (target, args) => {
    const size = sizeOf(target, args);
    const type = target?.type.kind === 'list' ? target.type : listOf(target ? dyn : int);
    return size && { cost: add(by(size.max, factor(target, args)), 11), type, size };
  };

const numberOf = (operand: Operand | undefined, otherwise: number) =>
  typeof operand?.literal === 'bigint' ? Number(operand.literal) : otherwise;
const once = () => 1;
const slicing = makingList(
  (target, [start, end]) => target && fixed(Math.max(0, numberOf(end, target.size.max) - numberOf(start, 0))),
  once,
);
const counting = makingList((_target, [count]) => fixed(numberOf(count, most)), once);
const turning = makingList((target) => target?.size, once);
const flattening = makingList(
  (target) => target?.size,
  (_target, [depth]) => (depth ? numberOf(depth, most) : 1),
);
const comparingAll = (isText: (target: Operand | undefined) => boolean) =>
  makingList(
    (target) => target && product(target.size, target.size),
    (target) => (isText(target) ? 2 + perCharacter : 2),
  );
const distinguishing = comparingAll(() => false);
const sorting = comparingAll((target) => ['string', 'bytes'].includes(target?.type.elem?.kind ?? ''));

const optionalOf: Estimate = (_target, [of]) => ({ cost: 1, type: simple('optional', { elem: of?.type ?? dyn }) });
const optionalValue: Estimate = (target, [other]) => ({ cost: 1, type: target?.type.elem ?? other?.type ?? dyn });

const each = (names: string, estimate: Estimate): [string, Estimate][] => names.split(' ').map((name) => [name, estimate]);

const estimates = new Map<string, Estimate>([
  ...each('lowerAscii upperAscii substring trim url jsonpatch.escapeKey', reading(text, { keeps: true })),
  ...each('isIP isCIDR isQuantity isSemver', reading(bool)),
  ...each('cidr quantity semver', reading(opaque)),
  // Of a range it is a part, of a text it is read.
  ...each('ip', (target, args) => (target ? constant(opaque) : reading(opaque))(target, args)),
  ...each('ip.isCanonical', reading(bool, { passes: 2 })),
  ...each('matches', searching),
  ...each('find', finding(text)),
  ...each('findAll', finding(listOf(text))),
  ...each('isSorted sum max min indexOf lastIndexOf', overItems),
  ...each('slice', slicing),
  ...each('lists.range', counting),
  ...each('reverse', turning),
  ...each('flatten', flattening),
  ...each('distinct', distinguishing),
  ...each('sort', sorting),
  ...each('replace', replacing),
  ...each('split', splitting),
  ...each('join', joining),
  ...each('sets.contains sets.intersects', comparingSets(1)),
  ...each('sets.equivalent', comparingSets(2)),
  ...each('containsIP', inRange),
  ...each('containsCIDR', (target, args) => {
    const estimate = inRange(target, args);
    return estimate && { ...estimate, cost: add(estimate.cost, 3) };
  }),
  ...each('validate', (_target, [of]) => of && { cost: times(by(of.size.max, perCharacter), 32), type: dyn }),
  ...each('format', (target) => target && { cost: by(target.size.max, perCharacter), type: text }),
  ...each('startsWith endsWith', affix),
  ...each('contains', containing),
  ...each('string', toText),
  ...each('bytes', toBytes),
  ...each('optional.of optional.ofNonZeroValue', optionalOf),
  ...each('orValue value', optionalValue),
  ...each('size int uint getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes', constant(int)),
  ...each('getSeconds getMilliseconds asInteger compareTo sign prefixLength family major minor patch', constant(int)),
  ...each('double asApproximateFloat', constant(simple('double'))),
  ...each('timestamp', constant(simple('timestamp'))),
  ...each('duration', constant(simple('duration'))),
  ...each('bool hasValue isInteger isGreaterThan isLessThan isURL', constant(bool)),
  ...each('add sub masked', constant(opaque)),
  ...each('charAt getScheme getHost getHostname getPort getEscapedPath', constant(text)),
]);

/** Of a call by itself, without what its operands cost: one, of what nothing more is known. */
export function estimateCall(name: string, target: Operand | undefined, args: Operand[]): CallEstimate {
  return estimates.get(name)?.(target, args) ?? { cost: 1, type: dyn };
}
