// Takes out of a custom resource what its schema does not name, and nulls that mean nothing ("Field pruning" and "Defaulting and
// Nullable" of Kubernetes' documentation of custom resources).
import { isRecord } from '@berth/machinery';
import { additionalOf, childPath, itemsOf, memberSchema, propertyOf, type Schema, typeAndMetadata } from './schema-parts.ts';

/** @param object is changed: a whole resource. @returns paths of what was taken out, in order */
export function prune(schema: Schema, object: Record<string, unknown>): string[] {
  const unknown: string[] = [];
  pruneValue({ ...schema, 'x-kubernetes-embedded-resource': true }, object, '', unknown);
  return unknown.sort();
}

function pruneValue(schema: Schema | undefined, value: unknown, path: string, unknown: string[]): void {
  if (Array.isArray(value)) {
    const items = schema && itemsOf(schema);
    // Where everything is preserved, so is what a list holds.
    if (schema?.['x-kubernetes-preserve-unknown-fields'] && !items) return;
    for (const [i, item] of value.entries()) pruneValue(items, item, `${path}[${i}]`, unknown);
  } else if (isRecord(value)) pruneMembers(schema ?? {}, value, path, unknown);
}

const anything: Schema = {};

function pruneMembers(schema: Schema, value: Record<string, unknown>, path: string, unknown: string[]): void {
  const additional = additionalOf(schema);
  for (const name of Object.keys(value)) {
    if (schema['x-kubernetes-embedded-resource'] && typeAndMetadata.has(name)) continue;
    const inner = propertyOf(schema, name) ?? (additional === 'any' ? anything : additional);
    const member = value[name];
    if (inner) {
      if (typeof member === 'object' && member !== null) pruneValue(inner, member, childPath(path, name), unknown);
    } else if (!schema['x-kubernetes-preserve-unknown-fields']) {
      delete value[name];
      unknown.push(childPath(path, name));
    }
  }
}

/** Takes out nulls that are neither allowed nor stand for a default. @param value is changed */
export function pruneNulls(schema: Schema | undefined, value: unknown): void {
  if (!schema) return;
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    for (const item of value) if (typeof item === 'object') pruneNulls(items, item);
  } else if (isRecord(value)) {
    for (const name of Object.keys(value)) {
      const inner = value[name];
      // Most members are texts and numbers, and any of them looked up would cost more than all the rest.
      if (typeof inner !== 'object') continue;
      const member = memberSchema(schema, name);
      if (inner === null && member && !member.nullable && member.default === undefined) delete value[name];
      else pruneNulls(member, inner);
    }
  }
}
