// CEL's functions on strings as Kubernetes has them (cel-go's strings extension, version 2, and its own find and findAll):
// positions count characters, not UTF-16 units; letters other than ASCII stay as they are, so that two names never become one.
import { type Meter, unitsOf } from './budget.ts';
import { ExpressionError } from './expression-error.ts';
import { type CelFunction, replaced } from './functions.ts';
import { findAll, matches } from './regular-expressions.ts';

export function stringFunctions(meter: Meter): CelFunction[] {
  const split = (text: string, separator: string, limit = -1n) => {
    meter.spend(text.length);
    return splitIn(text, separator, Number(limit));
  };
  const replace = (text: string, old: string, next: string, limit = -1n) => {
    const count = Number(limit);
    const parts = splitIn(text, old, count < 0 ? -1 : count + 1);
    return joined(parts, next, meter);
  };
  const found = (text: string, pattern: string, limit = -1n) => findAll(text, pattern, Number(limit), meter);
  return [
    ['string.charAt(int): string', charAt],
    [replaced('string.indexOf(string): int'), indexOf],
    [replaced('string.indexOf(string, int): int'), indexOf],
    [replaced('string.lastIndexOf(string): int'), lastIndexOf],
    [replaced('string.lastIndexOf(string, int): int'), lastIndexOf],
    [replaced('string.lowerAscii(): string'), (text: string) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())],
    [replaced('string.upperAscii(): string'), (text: string) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())],
    ['string.replace(string, string): string', replace],
    ['string.replace(string, string, int): string', replace],
    [replaced('string.split(string): list<string>'), split],
    [replaced('string.split(string, int): list<string>'), split],
    [replaced('string.substring(int): string'), substring],
    [replaced('string.substring(int, int): string'), substring],
    [replaced('string.trim(): string'), trim],
    [replaced('list.join(): string'), (list: unknown[]) => joined(list, '', meter)],
    [replaced('list.join(string): string'), (list: unknown[], separator: string) => joined(list, separator, meter)],
    ...['string.matches(string): bool', 'matches(string, string): bool'].map(
      (signature): CelFunction => [replaced(signature), (text: string, pattern: string) => matches(text, pattern, meter)],
    ),
    ['string.find(string): string', (text: string, pattern: string) => found(text, pattern, 1n)[0] ?? ''],
    ['string.findAll(string): list<string>', found],
    ['string.findAll(string, int): list<string>', found],
  ];
}

const hasPairs = (text: string) => /[\ud800-\udfff]/.test(text);
const lengthOf = (text: string) => (hasPairs(text) ? Array.from(text).length : text.length);
/** From the characters before it to the UTF-16 units before it. */
const unitAt = (text: string, index: number) => (hasPairs(text) ? Array.from(text).slice(0, index).join('').length : index);
const indexAt = (text: string, unit: number) => (unit < 0 ? unit : lengthOf(text.slice(0, unit)));

function inRange(index: bigint, length: number): number {
  const at = Number(index);
  if (at < 0 || at > length) throw new ExpressionError(`index out of range: ${index}`);
  return at;
}

function charAt(text: string, index: bigint): string {
  const unit = unitAt(text, inRange(index, lengthOf(text)));
  const point = text.codePointAt(unit);
  return point === undefined ? '' : String.fromCodePoint(point);
}

function indexOf(text: string, part: string, from = 0n): bigint {
  if (part === '') return from;
  if (from < 0n) throw new ExpressionError(`index out of range: ${from}`);
  return BigInt(indexAt(text, text.indexOf(part, unitAt(text, Number(from)))));
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint {
  if (part === '') return from ?? BigInt(lengthOf(text));
  if (from === undefined) return BigInt(indexAt(text, text.lastIndexOf(part)));
  if (from < 0n) throw new ExpressionError(`index out of range: ${from}`);
  if (from >= lengthOf(text)) return -1n;
  return BigInt(indexAt(text, text.lastIndexOf(part, unitAt(text, Number(from)))));
}

function substring(text: string, start: bigint, end?: bigint): string {
  const length = lengthOf(text);
  const [first, last] = [inRange(start, length), end === undefined ? length : inRange(end, length)];
  if (first > last) throw new ExpressionError(`invalid substring range: from ${first} to ${last}`);
  return text.slice(unitAt(text, first), unitAt(text, last));
}

/** At most `limit` parts, of which the last holds the rest; all when it is negative. */
function splitIn(text: string, separator: string, limit: number): string[] {
  if (limit === 0) return [];
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  if (limit < 0 || parts.length <= limit) return parts;
  return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
}

/** White space as Unicode has it. By hand: an expression that is anchored at the end takes quadratic time. */
const isSpace = (letter: string | undefined) =>
  letter !== undefined && /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/.test(letter);

function trim(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isSpace(text[start])) start++;
  while (end > start && isSpace(text[end - 1])) end--;
  return text.slice(start, end);
}

function joined(list: unknown[], separator: string, meter: Meter): string {
  const parts = list.map((part) => {
    if (typeof part !== 'string') throw new ExpressionError('join() takes a list of strings');
    return part;
  });
  // Before it is made: a short text may hold many places for a long one.
  meter.spend(parts.reduce((units, part) => units + unitsOf(part) + unitsOf(separator), 0));
  return parts.join(separator);
}
