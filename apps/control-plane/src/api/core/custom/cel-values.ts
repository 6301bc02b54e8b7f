// A custom resource's values as its rules see them: numbers and times by the schema's types, and members under names that CEL can
// spell (Kubernetes, "Validation expression", on escaping).
import { additionalOf, itemsOf, type JSONSchemaProps, propertyOf } from '@berth/api';
import { isRecord } from '@berth/machinery';
import { celValue } from '../../cel/values.ts';

type Schema = JSONSchemaProps;

const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return'.split(' '),
);

/** `in` → `__in__`, `a-b` → `a__dash__b`. */
export function escapedName(name: string): string {
  if (reserved.has(name)) return `__${name}__`;
  return name.replaceAll('__', '__underscores__').replaceAll('.', '__dot__').replaceAll('-', '__dash__').replaceAll('/', '__slash__');
}

/** @throws ExpressionError for what is nested too deeply */
export function ruleValue(schema: Schema | undefined, value: unknown): unknown {
  if (value === null || value === undefined || !schema || schema['x-kubernetes-int-or-string']) return celValue(value);
  if (schema.type === 'number' && (typeof value === 'number' || typeof value === 'bigint')) return Number(value);
  if (schema.type === 'string' && typeof value === 'string') return formatted(schema.format, value);
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    return value.map((item) => ruleValue(items, item));
  }
  if (!isRecord(value)) return celValue(value);
  return new Map(Object.entries(value).map(([name, inner]) => member(schema, name, inner)));
}

/** Members that have a schema go by their escaped names, keys of maps are what they are. */
function member(schema: Schema, name: string, value: unknown): [string, unknown] {
  const named = propertyOf(schema, name);
  return named ? [escapedName(name), ruleValue(named, value)] : [name, ruleValue(additionalOf(schema), value)];
}

/** What is no time is a string still; that it is none, the schema's format has said already. */
function formatted(format: string | undefined, value: string): unknown {
  if (format !== 'date-time' && format !== 'date') return value;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? value : time;
}
