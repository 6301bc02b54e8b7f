// Schemas that other servers wrote, read with care: of each only what a schema may have, in the type that it must have, since what is made
// of them goes to all clients, in protobuf as well.
import { isRecord } from '@berth/machinery';

/** Deeper ones say nothing any more. */
const depthMax = 100;

const texts = new Set(['$ref', 'format', 'title', 'description', 'pattern', 'type']);
const numbers = new Set(['multipleOf', 'maximum', 'minimum']);
const counts = new Set(['maxLength', 'minLength', 'maxItems', 'minItems', 'maxProperties', 'minProperties']);
const flags = new Set(['exclusiveMaximum', 'exclusiveMinimum', 'uniqueItems']);

export function schemaOf(given: Record<string, unknown>, depth = 0): Record<string, unknown> {
  if (depth > depthMax) return {};
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => {
      const read = memberOf(name, value, depth);
      return read === undefined ? [] : [[name, read]];
    }),
  );
}

function memberOf(name: string, value: unknown, depth: number): unknown {
  if (texts.has(name)) return typeof value === 'string' ? value : undefined;
  if (numbers.has(name)) return typeof value === 'number' ? value : undefined;
  if (counts.has(name)) return Number.isSafeInteger(value) ? value : undefined;
  if (flags.has(name)) return typeof value === 'boolean' ? value : undefined;
  if (name === 'required') return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
  if (name === 'enum') return Array.isArray(value) ? value : undefined;
  if (name === 'default' || name === 'example' || name.startsWith('x-')) return value;
  if (name === 'items') return isRecord(value) ? schemaOf(value, depth + 1) : undefined;
  if (name === 'additionalProperties') return isRecord(value) ? schemaOf(value, depth + 1) : typeof value === 'boolean' ? value : undefined;
  if (name !== 'properties' || !isRecord(value)) return undefined;
  return Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => (isRecord(inner) ? [[key, schemaOf(inner, depth + 1)]] : [])));
}

const prefix = '#/definitions/';

/** Names of the definitions that it refers to. */
export function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    if (name === '$ref' && typeof inner === 'string' && inner.startsWith(prefix)) return [inner.slice(prefix.length)];
    // What is no schema may be of any depth.
    return name === 'default' || name === 'example' || name === 'enum' || name.startsWith('x-') ? [] : references(inner);
  });
}
