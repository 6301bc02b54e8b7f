// How Kubernetes shows a struct in an error: its internal types have no names for JSON, so that fields stand there as Go calls them,
// also those that were not set. Types of meta/v1 do have names.
import { isRecord } from './json.ts';
import type { FieldSchema, MessageSchema, TypeSchema } from './schema.ts';

/** Words that Go writes in capitals. */
const initialisms = /^(api|uid|ip|url|fs|id|cidr|iscsi|rbd|nfs|csi|tls|http|tcp|dns)(?=[A-Z]|s?$)/;

/** Null for what is not there. @param message the value's type */
export function asGoStruct(message: MessageSchema, value: unknown): unknown {
  if (!isRecord(value)) return null;
  if (message.name.startsWith('meta.v1.')) return value;
  return Object.fromEntries([...message.byName].map(([name, field]) => [goName(name), shown(field, value[name])]));
}

function goName(name: string): string {
  return name.replace(initialisms, (word) => word.toUpperCase()).replace(/^./, (letter) => letter.toUpperCase());
}

function shown({ schema, pointer }: FieldSchema, value: unknown): unknown {
  if (value === undefined || value === null) return pointer ? null : emptyOf(schema);
  return shownAs(schema, value);
}

function shownAs(schema: TypeSchema, value: unknown): unknown {
  if (schema.kind === 'message') return asGoStruct(schema.message, value);
  if (schema.kind === 'list' && Array.isArray(value)) return value.map((item) => shownAs(schema.of, item));
  if (schema.kind === 'map' && isRecord(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shownAs(schema.of, item)]));
  }
  return value;
}

function emptyOf(schema: TypeSchema): unknown {
  if (schema.kind === 'message') return asGoStruct(schema.message, {});
  if (schema.kind !== 'scalar') return null;
  if (schema.scalar === 'string') return '';
  if (schema.scalar === 'bool') return false;
  return ['int32', 'int64', 'double'].includes(schema.scalar) ? 0 : null;
}
