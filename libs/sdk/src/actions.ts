// What a plan returns, typed by the kind that it concerns.
import { type Action, type EventDraft, erased } from '@berth/controller';
import { isRecord, type KindDefinition, type KubeObject, type OwnerReference } from '@berth/machinery';

/** Writes `desired` by server-side apply, unless `existing` holds all of it already. Fields of others stay as they are. */
export function ensure<T extends KubeObject>(kind: KindDefinition<T>, desired: NoInfer<T>, existing: NoInfer<T> | undefined): Action[] {
  if (existing !== undefined && holds(existing, desired)) return [];
  return [{ type: 'patch', kind: erased(kind), key: desired.metadata, patchType: 'apply', patch: desired, force: true }];
}

/** Writes the status, unless it is as it should be. */
export function ensureStatus<T extends KubeObject & { status?: object }>(
  kind: KindDefinition<T>,
  object: NoInfer<T>,
  status: NoInfer<T>['status'],
): Action[] {
  if (holds(object.status ?? {}, status)) return [];
  return [{ type: 'patch', kind: erased(kind), key: object.metadata, patchType: 'merge', patch: { status }, subresource: 'status' }];
}

export function create<T extends KubeObject>(kind: KindDefinition<T>, object: NoInfer<T>): Action {
  return { type: 'create', kind: erased(kind), object };
}

/** Replaces all of it; fails, and is planned anew, when somebody else has written since it was read. */
export function update<T extends KubeObject>(kind: KindDefinition<T>, object: NoInfer<T>): Action {
  return { type: 'update', kind: erased(kind), object };
}

/** Deletes this object, and no namesake that came after it. */
export function remove<T extends KubeObject>(kind: KindDefinition<T>, { metadata }: NoInfer<T>): Action {
  return { type: 'delete', kind: erased(kind), key: metadata, uid: metadata.uid ?? '', propagationPolicy: 'Background' };
}

/** Plans the same object again, even if nothing changes until then. */
export function requeue(afterMs: number): Action {
  return { type: 'requeue', afterMs };
}

export function event(event: EventDraft): Action {
  return { type: 'event', event };
}

/** For `metadata` of what a controller makes: it goes with its owner. */
export function ownedBy({ apiVersion, kind, metadata }: KubeObject): { ownerReferences: OwnerReference[] } {
  const { name, uid = '' } = metadata;
  return { ownerReferences: [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }] };
}

/** Whether all that is `desired` is there: other fields of objects may have any value, lists are compared item by item. */
export function holds(existing: unknown, desired: unknown): boolean {
  if (desired === undefined) return true;
  if (Array.isArray(desired)) {
    return Array.isArray(existing) && existing.length === desired.length && desired.every((item, index) => holds(existing[index], item));
  }
  if (!isRecord(desired)) return existing === desired;
  return isRecord(existing) && Object.entries(desired).every(([name, value]) => holds(existing[name], value));
}
