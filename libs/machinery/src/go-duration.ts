// Go's durations: `1h2m3s`, `1.5s`, `30ms`. Whole nanoseconds, as Go keeps them.
import { goQuoted } from './go-escapes.ts';

const nanosOf: Record<string, bigint> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const part = /(\d+)(?:\.(\d{1,9})\d*)?(ns|us|µs|ms|s|m|h)/gy;

/** Undefined for what is none. */
export function durationNanos(text: string): bigint | undefined {
  const sign = text.startsWith('-') ? -1n : 1n;
  const rest = text.replace(/^[+-]/, '');
  if (rest === '0') return 0n;
  let nanos = 0n;
  let end = 0;
  for (const [whole, digits = '', fraction = '', unit = ''] of rest.matchAll(part)) {
    const each = nanosOf[unit] ?? 0n;
    nanos += BigInt(digits) * each + (BigInt(fraction.padEnd(9, '0')) * each) / 1_000_000_000n;
    end += whole.length;
  }
  const isWhole = end > 0 && end === rest.length && BigInt.asIntN(64, nanos) === nanos;
  return isWhole ? sign * nanos : undefined;
}

/** As Go prints one: `1h0m3s`, `1.5s`, `30ms`. */
export function durationText(nanos: bigint): string {
  if (nanos < 0n) return `-${durationText(-nanos)}`;
  if (nanos === 0n) return '0s';
  for (const [unit, limit] of [
    ['ns', 1_000n],
    ['µs', 1_000_000n],
    ['ms', 1_000_000_000n],
  ] as const) {
    if (nanos < limit) return decimal(nanos, nanosOf[unit] ?? 1n) + unit;
  }
  const seconds = decimal(nanos % 60_000_000_000n, 1_000_000_000n);
  const minutes = nanos / 60_000_000_000n;
  if (minutes === 0n) return `${seconds}s`;
  return minutes < 60n ? `${minutes}m${seconds}s` : `${minutes / 60n}h${minutes % 60n}m${seconds}s`;
}

function decimal(nanos: bigint, each: bigint): string {
  const width = String(each).length - 1;
  const fraction =
    width === 0
      ? ''
      : String(nanos % each)
          .padStart(width, '0')
          .replace(/0+$/, '');
  return `${nanos / each}${fraction && `.${fraction}`}`;
}

/** What Go says of a text that is no duration, which has to be none. */
export function durationProblem(text: string): string {
  const invalid = `time: invalid duration ${goQuoted(text)}`;
  let rest = text.replace(/^[+-]/, '');
  if (rest === '') return invalid;
  while (rest !== '') {
    const [number] = /^[0-9]*(?:\.[0-9]*)?/.exec(rest) ?? [''];
    if (!/[0-9]/.test(number)) return invalid;
    rest = rest.slice(number.length);
    const [unit] = /^[^.0-9]*/.exec(rest) ?? [''];
    if (unit === '') return `time: missing unit in duration ${goQuoted(text)}`;
    if (!Object.hasOwn(nanosOf, unit)) return `time: unknown unit ${goQuoted(unit)} in duration ${goQuoted(text)}`;
    rest = rest.slice(unit.length);
  }
  return invalid;
}
