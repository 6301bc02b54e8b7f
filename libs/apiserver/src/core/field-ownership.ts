// Records in managedFields who wrote what: for every write that is no apply, after defaults and before admission.
import {
  type Author,
  apiVersionOf,
  deepEqual,
  type KubeObject,
  type ManagedFieldsEntry,
  managedAfterUpdateAs,
  managedFieldsOf,
  setManagedFields,
} from '@berth/machinery';
import { type Clock, timestamp } from '@berth/telemetry';
import { asServed, type KindVersions, servedKind } from './kind-versions.ts';
import type { Shaped } from './metadata.ts';
import type { Target, WriteSettings } from './types.ts';

const managerLengthMax = 128;

/** The manager that a request names, else what the client calls itself: `kubectl` of `kubectl/v1.35 (linux/amd64)`. */
export function authorOf(target: Target, settings: WriteSettings, clock: Clock): Author {
  const manager = settings.fieldManager || (settings.userAgent ?? '').split('/', 1)[0]?.slice(0, managerLengthMax) || 'unknown';
  const { subresource } = target;
  return {
    manager,
    apiVersion: apiVersionOf(servedKind(target)),
    subresource,
    time: subresource === 'scale' ? undefined : timestamp(clock),
  };
}

export interface Tracking {
  clock: Clock;
  versions: KindVersions;
}

/** Changes `next`; where another version of it has to be asked for elsewhere, not before the promise resolves. */
export function trackFields(
  target: Target,
  old: KubeObject | undefined,
  next: KubeObject,
  settings: WriteSettings,
  tracking: Tracking,
): Promise<void> | undefined {
  const { subresources, strategy } = target.kind;
  const { resets = [] } = strategy;
  const status = subresources.status && strategy.writesStatus !== 'always' ? ['status'] : [];
  const served = servedKind(target);
  const [before, given] = [old && asServed(served, old), asServed(served, next)];
  // A version may show parts of the status elsewhere, and there they are owned.
  const kept = target.through ? [...status, ...resets] : resets;
  const described = before
    ? scaledToSome(target, kept.length > 0 ? withParts(given, before, kept) : given)
    : without(given, [...status, ...resets]);
  return setWhenKnown(next, managedAfter(target, before, described, settings, tracking));
}

function setWhenKnown(next: KubeObject, entries: ManagedFieldsEntry[] | Promise<ManagedFieldsEntry[]>): Promise<void> | undefined {
  if (entries instanceof Promise) return entries.then((known) => setManagedFields(next, known));
  setManagedFields(next, entries);
  return undefined;
}

/** Both as the version of the request has them. */
function managedAfter(target: Target, old: KubeObject | undefined, next: KubeObject, settings: WriteSettings, tracking: Tracking) {
  const kind = servedKind(target);
  const author = authorOf(target, settings, tracking.clock);
  const forms = tracking.versions.of(target);
  const managed = managedAfterUpdateAs(kind.schema, old, next, author, forms);
  return tracking.versions.converted(target, managed);
}

/** Whether a write changes nothing but the times at which managers wrote, which alone are no change. */
export function isUnchanged(next: Shaped, old: Shaped): boolean {
  // What changes most often is looked at first.
  if (!deepEqual(next.status, old.status)) return false;
  const [managed, before] = [managedFieldsOf(next), managedFieldsOf(old)];
  if (managed === before) return deepEqual(next, old);
  if (!managed || !before || !deepEqual(managed.map(withoutTime), before.map(withoutTime))) return false;
  return deepEqual(withoutManaged(next), withoutManaged(old));
}

function withoutTime({ time: _time, ...entry }: ManagedFieldsEntry): ManagedFieldsEntry {
  return entry;
}

function withoutManaged({ metadata, ...rest }: KubeObject): unknown {
  const { managedFields: _managed, ...kept } = metadata as KubeObject['metadata'] & { managedFields?: unknown };
  return { ...rest, metadata: kept };
}

/** A Scale leaves out that there are none, and so nobody owns that who says it through one. */
function scaledToSome({ kind, subresource }: Target, next: Shaped): KubeObject {
  const { scale } = kind.subresources;
  const { replicas, ...rest } = (next.spec ?? {}) as { replicas?: number };
  if (subresource !== 'scale' || scale?.specReplicas !== 'spec.replicas' || replicas !== 0) return next;
  return { ...next, spec: rest } as Shaped;
}

/** What the server makes of a new object is nobody's. */
function without(object: KubeObject, fields: readonly string[]): KubeObject {
  if (fields.length === 0) return object;
  return Object.fromEntries(Object.entries(object).filter(([name]) => !fields.includes(name))) as unknown as KubeObject;
}

/** What the strategy puts back is no change. */
function withParts(object: Shaped, old: KubeObject, fields: readonly string[]): Shaped {
  const kept = Object.entries(old).filter(([name]) => fields.includes(name));
  return { ...without(object, fields), ...Object.fromEntries(kept) } as Shaped;
}

/** Looks at the status and metadata alone, since nothing else changes: statuses are written most of all. */
export function trackStatusFields(
  target: Target,
  old: Shaped,
  next: Shaped,
  settings: WriteSettings,
  tracking: Tracking,
): Promise<void> | undefined {
  const compared: Shaped = { ...old, metadata: next.metadata, status: next.status };
  const kind = servedKind(target);
  return setWhenKnown(next, managedAfter(target, asServed(kind, old), asServed(kind, compared), settings, tracking));
}
