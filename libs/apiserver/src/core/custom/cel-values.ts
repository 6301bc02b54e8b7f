// A custom resource's values as its rules see them: numbers, times, durations and bytes by the schema's types, members under names that
// CEL can spell (Kubernetes, "Validation expression", on escaping), and lists that are sets, or have keys, as such.
import type { JSONSchemaProps, SchemaNode } from '@berth/api';
import { isRecord } from '@berth/machinery';
import { asKeyedList, asSet, holding } from '../../cel/list-semantics.ts';
import { formattedDuration } from '../../cel/time-functions.ts';
import { celValue } from '../../cel/values.ts';

const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);
const escapes: Record<string, string> = { __: '__underscores__', '.': '__dot__', '-': '__dash__', '/': '__slash__' };

/** Words that stand after a dot as they are, too: `self.metadata.namespace`. */
export function isReserved(name: string): boolean {
  return reserved.has(name);
}

/** `in` → `__in__`, `a-b` → `a__dash__b`; undefined for what no expression can spell. */
export function escapedName(name: string): string | undefined {
  if (reserved.has(name)) return `__${name}__`;
  if (!/^[a-zA-Z_./-][a-zA-Z0-9_./-]*$/.test(name)) return undefined;
  return /__|[./-]/.test(name) ? name.replaceAll(/__|[./-]/g, (text) => escapes[text] ?? text) : name;
}

const escapedNames = new WeakMap<SchemaNode, Map<string, string | undefined>>();

/** Of a member that the schema names. */
function escapedMember(node: SchemaNode, name: string): string | undefined {
  let names = escapedNames.get(node);
  if (!names) {
    names = new Map(Object.keys(node.schema.properties ?? {}).map((property) => [property, escapedName(property)]));
    escapedNames.set(node, names);
  }
  return names.get(name);
}

/**
 * @param only members, by their escaped names, that anybody looks at; absent for all
 * @throws ExpressionError for what is nested too deeply
 */
export function ruleValue(node: SchemaNode | undefined, value: unknown, only?: ReadonlySet<string>): unknown {
  if (value === null || value === undefined || !node || node.schema['x-kubernetes-int-or-string']) return celValue(value);
  const { schema } = node;
  if (typeof value === 'string') return schema.type === 'string' ? formatted(schema.format, value) : value;
  if (typeof value === 'number' || typeof value === 'bigint') return schema.type === 'number' ? Number(value) : celValue(value);
  if (Array.isArray(value)) return listValue(node, schema, value);
  return isRecord(value) ? memberValues(node, value, only) : celValue(value);
}

function listValue(node: SchemaNode, schema: JSONSchemaProps, value: unknown[]): unknown[] {
  const list = value.map((item) => ruleValue(node.items, item));
  const { 'x-kubernetes-list-type': type, 'x-kubernetes-list-map-keys': keys } = schema;
  if (type === 'set') return asSet(list);
  const spelled = type === 'map' && keys?.map((key) => escapedName(key) ?? key);
  return spelled ? asKeyedList(list, spelled) : holding(list, list);
}

/** Members that have a schema go by their escaped names, keys of maps are what they are. */
function memberValues(node: SchemaNode, value: Record<string, unknown>, only: ReadonlySet<string> | undefined): Map<string, unknown> {
  const members = new Map<string, unknown>();
  for (const name of Object.keys(value)) {
    const named = node.property(name);
    const spelled = named ? escapedMember(node, name) : name;
    // A field that is null counts as absent; an entry of a map does not.
    if (spelled === undefined || (named && value[name] === null)) continue;
    for (const spelling of named && isReserved(name) ? [spelled, name] : [spelled]) {
      if (!only || only.has(spelling)) members.set(spelling, ruleValue(named ?? node.member(name), value[name]));
    }
  }
  return holding(members, members.values());
}

/** What cannot be read is a string still; that it is none, the schema's format has said already. */
function formatted(format: string | undefined, value: string): unknown {
  switch (format) {
    case 'byte':
      return new Uint8Array(Buffer.from(value, 'base64'));
    case 'duration':
      return formattedDuration(value) ?? value;
    case 'date':
    case 'date-time':
    case 'datetime': {
      const time = new Date(value);
      return Number.isNaN(time.getTime()) ? value : time;
    }
    default:
      return value;
  }
}
