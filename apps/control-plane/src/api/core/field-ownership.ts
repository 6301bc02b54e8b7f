// Records in managedFields who wrote what: for every write that is no apply, after defaults and before admission.
import { type Author, apiVersionOf, type KubeObject, managedAfterUpdate, managedWithWholeStatus, setManagedFields } from '@berth/machinery';
import { type Clock, timestamp } from '@berth/telemetry';
import type { Shaped } from './metadata.ts';
import type { Target, WriteSettings } from './types.ts';

const managerLengthMax = 128;

/** The manager that a request names, else what the client calls itself: `kubectl` of `kubectl/v1.35 (linux/amd64)`. */
export function authorOf(target: Target, settings: WriteSettings, clock: Clock): Author {
  const manager = settings.fieldManager || (settings.userAgent ?? '').split('/', 1)[0]?.slice(0, managerLengthMax) || 'unknown';
  return { manager, apiVersion: apiVersionOf(target.kind), subresource: target.subresource, time: timestamp(clock) };
}

/** Changes `next`. */
export function trackFields(target: Target, old: KubeObject | undefined, next: KubeObject, settings: WriteSettings, clock: Clock): void {
  setManagedFields(next, managedAfterUpdate(target.kind.schema, old, next, authorOf(target, settings, clock)));
}

/** Looks at the status alone, since nothing else changes: statuses are written most of all. */
export function trackStatusFields(target: Target, old: Shaped, next: Shaped, settings: WriteSettings, clock: Clock): void {
  const author = authorOf(target, settings, clock);
  const compared: Shaped = { ...old, status: next.status };
  const entries = settings.ownsWholeStatus
    ? managedWithWholeStatus(old, author)
    : managedAfterUpdate(target.kind.schema, old, compared, author);
  setManagedFields(next, entries);
}
