// CEL's durations from text, as Go reads them. The library's own reading takes cubic time for a long row of digits.
import { Duration } from '@marcbachmann/cel-js/evaluator';
import { ExpressionError } from './expression-error.ts';
import { type CelFunction, replaced } from './functions.ts';

const textLengthMax = 64;
const secondNanos = 1_000_000_000n;
const unitNanos: Record<string, bigint> = {
  ...{ ns: 1n, us: 1_000n, µs: 1_000n, μs: 1_000n, ms: 1_000_000n },
  ...{ s: secondNanos, m: 60n * secondNanos, h: 3_600n * secondNanos },
};
const part = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y;

const [time, length] = ['google.protobuf.Timestamp', 'google.protobuf.Duration'];

export const timeFunctions: CelFunction[] = [
  [replaced(`duration(string): ${length}`), parseDuration],
  [replaced(`duration(${length}): ${length}`), (given: Duration) => given],
  [`timestamp(${time}): ${time}`, (given: Date) => given],
  [`string(${time}): string`, timeText],
  [`string(${length}): string`, timeText],
  [`int(${time}): int`, (given: Date) => BigInt(Math.floor(given.getTime() / 1_000))],
  [`int(${length}): int`, ({ seconds, nanos }: Duration) => seconds * secondNanos + BigInt(nanos)],
];

/** As Go writes them: no more of the fraction than there is, and durations in seconds. */
export function timeText(given: Date | Duration): string {
  if (given instanceof Date) return given.toISOString().replace(/\.?0+Z$/, 'Z');
  return `${Number(given.seconds) + given.nanos / 1e9}s`;
}

/** @throws ExpressionError */
export function parseDuration(text: string): Duration {
  const refuse = () => new ExpressionError(`${JSON.stringify(text.slice(0, textLengthMax))} is no duration, such as 1h30m`);
  if (text.length > textLengthMax) throw refuse();
  const isNegative = text.startsWith('-');
  const rest = text.replace(/^[+-]/, '');
  if (rest === '0') return new Duration(0n, 0);
  if (rest === '') throw refuse();
  let nanos = 0n;
  part.lastIndex = 0;
  while (part.lastIndex < rest.length) {
    const [, whole = '', fraction = '', unit = ''] = part.exec(rest) ?? [];
    const scale = unitNanos[unit];
    if (scale === undefined || whole + fraction === '') throw refuse();
    nanos += BigInt(whole || '0') * scale + (BigInt(fraction || '0') * scale) / 10n ** BigInt(fraction.length);
  }
  if (BigInt.asIntN(64, nanos) !== nanos) throw refuse();
  const signed = isNegative ? -nanos : nanos;
  return new Duration(signed / secondNanos, Number(signed % secondNanos));
}

const nanosPerUnit: [pattern: RegExp, nanos: bigint][] = [
  [/^(ns|nanos?|nanoseconds?)$/, 1n],
  [/^(us|µs|micros?|microseconds?)$/, 1_000n],
  [/^(ms|millis?|milliseconds?)$/, 1_000_000n],
  [/^(s|secs?|seconds?)$/, secondNanos],
  [/^(m|mins?|minutes?)$/, 60n * secondNanos],
  [/^(h|hrs?|hours?)$/, 3_600n * secondNanos],
  [/^(d|days?)$/, 86_400n * secondNanos],
  [/^(w|weeks?)$/, 604_800n * secondNanos],
];

/** A text of the format `duration` of OpenAPI, which knows days and weeks as well; undefined for what is none. */
export function formattedDuration(text: string): Duration | undefined {
  const [, digits = '', unit = ''] = /^\s*(\d{1,20})\s*([a-zµ]+)\s*$/.exec(text) ?? [];
  const nanos = nanosPerUnit.find(([pattern]) => pattern.test(unit))?.[1];
  if (nanos !== undefined && digits !== '') {
    const whole = BigInt(digits) * nanos;
    return BigInt.asIntN(64, whole) === whole ? new Duration(whole / secondNanos, Number(whole % secondNanos)) : undefined;
  }
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof ExpressionError) return undefined;
    throw error;
  }
}
