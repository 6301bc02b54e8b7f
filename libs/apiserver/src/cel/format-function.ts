// CEL's format and strings.quote, as cel-go's strings extension has them.
import { goEscapes } from '@berth/machinery';
import { Duration } from '@marcbachmann/cel-js/evaluator';
import { type Meter, unitsOf } from './budget.ts';
import { ExpressionError } from './expression-error.ts';
import type { CelFunction } from './functions.ts';
import { timeText } from './time-functions.ts';
import { entriesOf } from './values.ts';

const clause = /%(?:(%)|(?:\.(\d{1,3}))?(.?))/gsu;
const precisionDefault = 6;
const precisionMax = 100;

/** What `strings` is in `strings.quote(…)`. */
export class Strings {
  readonly name = 'strings';
}

export function formatFunctions(meter: Meter): CelFunction[] {
  return [
    ['string.format(list): string', (text: string, values: unknown[]) => format(text, values, meter)],
    ['Strings.quote(string): string', (_strings: Strings, text: string) => quote(text)],
  ];
}

function format(text: string, values: unknown[], meter: Meter): string {
  meter.spend(text.length);
  let next = 0;
  const formatted = text.replaceAll(clause, (_all, percent: string | undefined, precision: string | undefined, verb: string) => {
    if (percent) return '%';
    if (next >= values.length) throw new ExpressionError(`index ${next} out of range`);
    return formatOne(verb, values[next++], precision === undefined ? precisionDefault : Math.min(Number(precision), precisionMax), meter);
  });
  if (next < values.length) throw new ExpressionError(`format() has ${values.length} values for ${next} clauses`);
  return formatted;
}

function formatOne(verb: string, value: unknown, precision: number, meter: Meter): string {
  const whole = typeof value === 'bigint' ? value : undefined;
  switch (verb) {
    case 's':
      return shown(value, meter);
    case 'd':
      if (whole !== undefined) return String(whole);
      break;
    case 'f':
    case 'e':
      if (typeof value === 'number') return verb === 'f' ? value.toFixed(precision) : exponential(value, precision);
      break;
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0';
      if (whole !== undefined) return whole.toString(2);
      break;
    case 'o':
      if (whole !== undefined) return whole.toString(8);
      break;
    case 'x':
    case 'X': {
      const hex = whole !== undefined ? whole.toString(16) : hexOf(value);
      if (hex !== undefined) return verb === 'x' ? hex : hex.toUpperCase();
      break;
    }
    default:
      throw new ExpressionError(`unrecognized formatting clause "${verb}"`);
  }
  throw new ExpressionError(`%${verb} cannot format this value`);
}

function hexOf(value: unknown): string | undefined {
  if (typeof value === 'string' || value instanceof Uint8Array) return Buffer.from(value as string).toString('hex');
  return undefined;
}

/** Go writes two digits of the exponent at least. */
function exponential(value: number, precision: number): string {
  return value.toExponential(precision).replace(/([+-])(\d)$/, '$10$2');
}

/** Told of before it is made: a list may hold a long text many times. */
function shown(value: unknown, meter: Meter): string {
  meter.spend(1 + (typeof value === 'string' || value instanceof Uint8Array ? unitsOf(value) : 0));
  if (value === null) return 'null';
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (value instanceof Date || value instanceof Duration) return timeText(value);
  if (Array.isArray(value)) return `[${value.map((item) => shown(item, meter)).join(', ')}]`;
  const entries = entriesOf(value);
  if (!entries) throw new ExpressionError('%s cannot format this value');
  const pairs = entries.map(([key, item]): [string, string] => [shown(key, meter), shown(item, meter)]);
  return `{${pairs
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map((pair) => pair.join(': '))
    .join(', ')}}`;
}

const escapes: Record<string, string> = { ...goEscapes, '"': '\\"' };

function quote(text: string): string {
  return `"${Array.from(text, (letter) => escapes[letter] ?? letter).join('')}"`;
}
