// How Kubernetes shows a struct in an error: its internal types have no names for JSON, so that fields stand there as Go calls them,
// also those that were not set. Types of meta/v1 do have names.

import { wasGivenEmpty } from './given-empty.ts';
import { escapedForHtml } from './go-escapes.ts';
import { initialisms, movedIntoSecurityContext, names, namesWithin, orders } from './go-struct-layouts.ts';
import { isRecord } from './json.ts';
import type { FieldSchema, MessageSchema, TypeSchema } from './schema.ts';

/** Null for what is not there. @param message the value's type */
export function asGoStruct(message: MessageSchema, value: unknown): unknown {
  if (!isRecord(value)) return null;
  if (message.name.startsWith('meta.v1.')) return asNamedStruct(message, value);
  const internal = message.name === 'core.v1.PodSpec' ? asInternalPodSpec(value) : value;
  return Object.fromEntries(layoutOf(message).flatMap(([name, field]) => membersOf(message, name, field, internal)));
}

/** As Go writes it, lines of one step of indentation each: what is compared line by line. */
export function goLines(message: MessageSchema, value: unknown): string[] {
  return escapedForHtml(JSON.stringify(asGoStruct(message, value), null, 1)).split('\n');
}

function membersOf(message: MessageSchema, name: string, field: FieldSchema, value: Record<string, unknown>): [string, unknown][] {
  const { schema } = field;
  // An embedded struct's members stand among the others.
  if (schema.kind === 'message' && name === 'metadata' && schema.message.name.endsWith('Meta'))
    return Object.entries(asNamedStruct(schema.message, isRecord(value[name]) ? value[name] : {}));
  return [[goName(message, name), memberShown(name, field, value)]];
}

/** Struct within struct in order; fields that are embedded count as those of the whole. */
function layoutOf(message: MessageSchema): [string, FieldSchema][] {
  const order = orders[message.name];
  if (order) return order.flatMap((name) => entryOf(message, name));
  return message.fields.flatMap(({ name, inline, schema }): [string, FieldSchema][] => {
    if (!inline || schema.kind !== 'message') return entryOf(message, name);
    return schema.message.name === 'meta.v1.TypeMeta' ? [] : layoutOf(schema.message);
  });
}

function entryOf(message: MessageSchema, name: string): [string, FieldSchema][] {
  const field = message.byName.get(name) ?? hoisted(message, name);
  return field ? [[name, field]] : [];
}

function hoisted(message: MessageSchema, name: string): FieldSchema | undefined {
  if (message.name !== 'core.v1.PodSecurityContext' || !movedIntoSecurityContext.includes(name)) return undefined;
  const pointer = name === 'shareProcessNamespace' || name === 'hostUsers';
  return { name, type: 'bool', schema: { kind: 'scalar', scalar: 'bool' }, ...(pointer && { pointer }) };
}

function asInternalPodSpec(spec: Record<string, unknown>): Record<string, unknown> {
  const moved = movedIntoSecurityContext.filter((name) => spec[name] !== undefined).map((name) => [name, spec[name]]);
  if (moved.length === 0) return spec;
  return { ...spec, securityContext: { ...(spec.securityContext as object | undefined), ...Object.fromEntries(moved) } };
}

function goName(message: MessageSchema, name: string): string {
  const known = namesWithin[message.name]?.[name] ?? names[name];
  return known ?? name.replace(initialisms, (word) => word.toUpperCase()).replace(/^./, (letter) => letter.toUpperCase());
}

/** Of a type with names for JSON: in the order of its fields, without those that are left out. */
function asNamedStruct(message: MessageSchema, value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    [...message.byName].flatMap(([name, field]): [string, unknown][] => {
      const inner = value[name];
      const isLeftOut = field.omitempty && (inner === undefined || inner === null || isZero(inner, field));
      return isLeftOut ? [] : [[name, memberShown(name, field, value)]];
    }),
  );
}

function isZero(value: unknown, { pointer }: FieldSchema): boolean {
  if (typeof value === 'object') return value === null || Object.keys(value).length === 0;
  return !pointer && !value;
}

function memberShown(name: string, field: FieldSchema, parent: Record<string, unknown>): unknown {
  const { kind } = field.schema;
  const value = parent[name];
  const isNothing = value === undefined || (Array.isArray(value) && value.length === 0);
  if (!isNothing || (kind !== 'list' && kind !== 'map')) return shown(field, value);
  return wasGivenEmpty(parent, name) ? (kind === 'list' ? [] : {}) : null;
}

function shown({ schema, pointer }: FieldSchema, value: unknown): unknown {
  if (value === undefined || value === null) return pointer ? null : emptyOf(schema);
  return shownAs(schema, value);
}

function shownAs(schema: TypeSchema, value: unknown): unknown {
  if (schema.kind === 'message') return asGoStruct(schema.message, value);
  if (schema.kind === 'list' && Array.isArray(value)) return value.map((item) => shownAs(schema.of, item));
  if (schema.kind === 'map' && isRecord(value)) {
    const keys = Object.keys(value).sort();
    return Object.fromEntries(keys.map((key) => [key, shownAs(schema.of, value[key])]));
  }
  return schema.kind === 'scalar' && schema.alternatives ? asAlternatives(schema.alternatives, value) : value;
}

/** What may be one thing or another has a place for each in Go. */
function asAlternatives(alternatives: TypeSchema[], value: unknown): Record<string, unknown> {
  return Object.fromEntries(
    alternatives.map((schema) => {
      if (schema.kind === 'scalar') return ['Allows', value !== false];
      if (schema.kind === 'message') return ['Schema', isRecord(value) ? shownAs(schema, value) : null];
      const name = 'of' in schema && schema.of.kind === 'message' ? 'JSONSchemas' : 'Property';
      return [name, Array.isArray(value) ? shownAs(schema, value) : null];
    }),
  );
}

function emptyOf(schema: TypeSchema): unknown {
  if (schema.kind === 'message') return asGoStruct(schema.message, {});
  if (schema.kind !== 'scalar') return null;
  if (schema.scalar === 'string') return '';
  if (schema.scalar === 'bool') return false;
  if (schema.scalar === 'Quantity') return '0';
  return ['int32', 'int64', 'double', 'IntOrString'].includes(schema.scalar) ? 0 : null;
}
