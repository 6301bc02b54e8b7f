// What expressions of mutations evaluate to, as JSON: configurations, and values of a JSON patch's operations.
import { ForeignValue } from '@berth/machinery';
import { Optional } from '@marcbachmann/cel-js';
import { Duration } from '@marcbachmann/cel-js/evaluator';
import { StructValue } from '../../../cel/literal-macros.ts';
import { entriesOf } from '../../../cel/values.ts';
import { jsonPatchType } from '../expressions/patch-types.ts';
import { MutationProblem } from './mutation-problem.ts';

/**
 * The types that are spelled out must name the way to where they stand, `Object.spec` for what is in the field `spec` of `Object`. Lists and
 * maps have no name. @throws MutationProblem
 */
export function checkTypeNames(struct: StructValue): void {
  const wrong = wrongNames(struct, struct.typeName);
  if (wrong.length > 0) throw new MutationProblem(`type mismatch: ${wrong.join('\n')}`);
}

function wrongNames(value: unknown, path: string): string[] {
  if (value instanceof StructValue) {
    const { typeName: name } = value;
    const why = `unexpected type name "${name}", expected "${path}", which matches field name path from root Object type`;
    return [...(name === path ? [] : [why]), ...Array.from(value).flatMap(([field, inner]) => wrongNames(inner, `${path}.${field}`))];
  }
  if (Array.isArray(value)) return value.flatMap((item) => wrongNames(item, path));
  return (entriesOf(value) ?? []).flatMap(([, inner]) => wrongNames(inner, path));
}

/** Of a configuration: what JSON has not is no value of any field. @throws MutationProblem */
export function configurationOf(struct: StructValue): Record<string, unknown> {
  return jsonOf(struct, asForeign) as Record<string, unknown>;
}

/** Of an operation: what JSON has not is written as text. @throws MutationProblem */
export function operandOf(value: unknown): unknown {
  if (value instanceof StructValue && value.typeName === jsonPatchType)
    throw new MutationProblem(`${unmarshallable}: cannot convert to native type: *structpb.Value`);
  return jsonOf(value, asText);
}

function jsonOf(value: unknown, other: (value: unknown) => unknown): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : other(value);
  if (value instanceof Optional) return value.hasValue() ? jsonOf(value.value(), other) : other(value);
  if (Array.isArray(value)) return value.map((item) => jsonOf(item, other));
  const entries = entriesOf(value);
  if (!entries) return other(value);
  const made: Record<string, unknown> = {};
  for (const [key, inner] of entries) {
    if (typeof key !== 'string') throw new MutationProblem('invalid return type: *dynamic.ObjectVal');
    if (key === '__proto__') throw new MutationProblem('the key "__proto__" is not allowed');
    made[key] = jsonOf(inner, other);
  }
  return made;
}

/** As Go prints them in errors about types. */
function asForeign(value: unknown): unknown {
  if (typeof value === 'bigint') return value;
  // What is not there is not wanted.
  if (value instanceof Optional) return null;
  if (value === null) return new ForeignValue('NULL_VALUE', '0', 'structpb.NullValue');
  if (value instanceof Uint8Array) {
    const bytes = Array.from(value, (byte) => `0x${byte.toString(16)}`);
    return new ForeignValue(`[${value.join(' ')}]`, `[]uint8{${bytes.join(', ')}}`, '[]uint8');
  }
  if (value instanceof Duration) return new ForeignValue(durationText(value), String(nanoseconds(value)), 'time.Duration');
  const isUnsigned = !(value instanceof Date) && typeof value?.valueOf() === 'bigint';
  if (isUnsigned) return Number(value.valueOf());
  if (value instanceof Date) return new ForeignValue(value.toISOString(), goDate(value), 'time.Time');
  return new ForeignValue(String(value), String(value), 'interface {}');
}

function goDate(date: Date): string {
  const month = date.toLocaleString('en', { month: 'long', timeZone: 'UTC' });
  const time = [date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds(), date.getUTCMilliseconds() * 1e6];
  return `time.Date(${date.getUTCFullYear()}, time.${month}, ${time.join(', ')}, time.UTC)`;
}

const unmarshallable = 'JSONPath valueExpression evaluated to a type that could not marshal to JSON';

function asText(value: unknown): unknown {
  if (value === null) return null;
  if (value instanceof Optional) throw new MutationProblem(`${unmarshallable}: optional.none() dereference`);
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Date) return value.toISOString().replace(/\.000Z$/, 'Z');
  if (value instanceof Duration) return `${Number(nanoseconds(value)) / 1e9}s`;
  if (typeof value?.valueOf() === 'bigint') return Number(value.valueOf());
  throw new MutationProblem(`${unmarshallable}: type conversion not supported for 'type'`);
}

function nanoseconds({ seconds, nanos }: Duration): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
}

function durationText(duration: Duration): string {
  return String(duration);
}
