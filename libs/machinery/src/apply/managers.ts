// Who owns which fields of an object: its metadata.managedFields, one entry for each manager, operation, API version and
// subresource. Entries are read leniently (what makes no sense counts as absent) and written in Kubernetes' order.
import { isRecord } from '../json.ts';
import { difference, type FieldSet, isEmpty, readFieldSet, union } from './field-set.ts';
import { ordered } from './known-sets.ts';

export type Operation = 'Apply' | 'Update';

export interface ManagedFieldsEntry {
  manager?: string;
  operation?: string;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: unknown;
  subresource?: string;
}

export interface Manager {
  manager: string;
  operation: Operation;
  apiVersion: string;
  subresource: string;
  time: string | undefined;
  fields: FieldSet;
}

export type Identity = Pick<Manager, 'manager' | 'operation' | 'apiVersion' | 'subresource'>;

const updateManagersMax = 10;
/** Owns what the oldest managers owned once there are too many. */
const ancientManager = 'ancient-changes';

/** What is frozen comes from the server's own store, where everything was checked on its way in. */
function isTrusted(entries: readonly ManagedFieldsEntry[]): boolean {
  return Object.isFrozen(entries);
}

/** Undefined when entries are malformed. */
export function readManagers(entries: readonly ManagedFieldsEntry[] | undefined): Manager[] | undefined {
  const managers: Manager[] = [];
  const trusted = isTrusted(entries ?? []);
  for (const entry of entries ?? []) {
    const { manager = '', operation, apiVersion = '', subresource = '', time, fieldsV1 = {} } = entry;
    const fields = trusted ? (fieldsV1 as FieldSet) : readFieldSet(fieldsV1);
    if ((operation !== 'Apply' && operation !== 'Update') || !fields || !apiVersion) return undefined;
    managers.push({ manager, operation, apiVersion, subresource, time, fields });
  }
  return managers;
}

/** One entry without content: how a client asks that ownership be forgotten. */
export function asksToReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  const [only, ...more] = entries ?? [];
  return only !== undefined && more.length === 0 && isRecord(only) && Object.keys(only).length === 0;
}

/** Who applies stays the same in whichever version. */
export function isSame(a: Identity, b: Identity): boolean {
  if (a.manager !== b.manager || a.operation !== b.operation || a.subresource !== b.subresource) return false;
  return a.operation === 'Apply' || a.apiVersion === b.apiVersion;
}

export function writeManagers(managers: readonly Manager[]): ManagedFieldsEntry[] {
  return withFewUpdates(managers.filter(({ fields }) => !isEmpty(fields)))
    .sort(order)
    .map(({ manager, operation, apiVersion, time, fields, subresource }) => ({
      manager,
      operation,
      apiVersion,
      ...(time !== undefined && { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: ordered(fields),
      ...(subresource && { subresource }),
    }));
}

function order(a: Manager, b: Manager): number {
  return (
    compareText(a.operation, b.operation) ||
    compareText(a.time ?? '', b.time ?? '') ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function withFewUpdates(managers: Manager[]): Manager[] {
  if (managers.length <= updateManagersMax) return managers;
  const updates = managers.filter(({ operation }) => operation === 'Update').sort(order);
  const surplus = updates.length - updateManagersMax;
  if (surplus <= 0) return managers;
  // One more than is too many, as they become one.
  const oldest = new Set(updates.slice(0, surplus + 1));
  const merged = new Map<string, Manager>();
  for (const old of oldest) {
    const known = merged.get(old.apiVersion);
    const fields = known ? union(known.fields, old.fields) : old.fields;
    merged.set(old.apiVersion, { ...old, manager: ancientManager, subresource: '', fields });
  }
  return [...managers.filter((manager) => !oldest.has(manager)), ...merged.values()];
}

/** Takes fields away from one manager. */
export function without(manager: Manager, fields: FieldSet): Manager {
  const left = difference(manager.fields, fields);
  return left === manager.fields ? manager : { ...manager, fields: left };
}
