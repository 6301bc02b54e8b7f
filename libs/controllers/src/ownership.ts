// Who owns what: controller references, and which objects a selector's owner takes in or lets go (Kubernetes,
// "Owners and Dependents"). An object has at most one controller, and nobody takes from another.

import type { Action } from '@berth/controller';
import { type KindDefinition, type KubeObject, keyOf, type OwnerReference, type Selector } from '@berth/machinery';

export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller);
}

export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

export function controllerReference(owner: KubeObject): OwnerReference {
  const { apiVersion, kind, metadata } = owner;
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '', controller: true, blockOwnerDeletion: true };
}

/** Index of objects by their controller's uid; those without one by their namespace. */
export const controllerIndex = 'controller';

export function controllerIndexValues(object: KubeObject): string[] {
  const controller = controllerOf(object);
  return [controller ? controller.uid : orphansOf(object.metadata.namespace ?? '')];
}

export function orphansOf(namespace: string): string {
  return `orphans/${namespace}`;
}

/** The key of the controller of this kind, for a watch on dependents. */
export function controllerKey(object: KubeObject, kind: KindDefinition): string[] {
  const controller = controllerOf(object);
  const group = controller?.apiVersion.includes('/') ? controller.apiVersion.slice(0, controller.apiVersion.indexOf('/')) : '';
  if (!controller || controller.kind !== kind.kind || group !== kind.group) return [];
  return [keyOf({ metadata: { namespace: object.metadata.namespace ?? '', name: controller.name } })];
}

export interface Claimed<T> {
  /** What the owner has and keeps. */
  owned: T[];
  /** Adoptions and releases, then another look: the plan goes on once they are seen. Empty when there are none. */
  actions: Action[];
}

/**
 * An owner that is going away takes nothing in, but lets go of nothing either.
 * @param finalizer what the owner's objects carry: it comes and goes with the reference
 */
export function claim<T extends KubeObject>(
  kind: KindDefinition,
  owner: KubeObject,
  selector: Selector,
  candidates: T[],
  finalizer?: string,
): Claimed<T> {
  const claimed: Claimed<T> = { owned: [], actions: [] };
  const isLeaving = owner.metadata.deletionTimestamp !== undefined;
  for (const object of candidates) {
    const matches = selector.matches(object.metadata.labels);
    if (isControlledBy(object, owner)) {
      if (matches || isLeaving) claimed.owned.push(object);
      else if (!object.metadata.deletionTimestamp) claimed.actions.push(release(kind, owner, object, finalizer));
    } else if (!controllerOf(object) && matches && !isLeaving && !object.metadata.deletionTimestamp) {
      claimed.actions.push(adopt(kind, owner, object, finalizer));
    }
  }
  if (claimed.actions.length > 0) claimed.actions.push({ type: 'requeue', afterMs: 0 });
  return claimed;
}

function adopt(kind: KindDefinition, owner: KubeObject, object: KubeObject, finalizer: string | undefined): Action {
  const { ownerReferences = [], finalizers = [] } = object.metadata;
  const owners = [...ownerReferences, controllerReference(owner)];
  return patchOwners(kind, object, owners, finalizer === undefined ? undefined : [...new Set([...finalizers, finalizer])]);
}

function release(kind: KindDefinition, owner: KubeObject, object: KubeObject, finalizer: string | undefined): Action {
  const { ownerReferences = [], finalizers = [] } = object.metadata;
  const owners = ownerReferences.filter((reference) => reference.uid !== owner.metadata.uid);
  return patchOwners(kind, object, owners, finalizer === undefined ? undefined : finalizers.filter((name) => name !== finalizer));
}

/** Fails with Conflict when the owners may have changed meanwhile. */
export function patchOwners(kind: KindDefinition, object: KubeObject, ownerReferences: OwnerReference[], finalizers?: string[]): Action {
  const { uid, resourceVersion } = object.metadata;
  const patch = { metadata: { uid, resourceVersion, ownerReferences, ...(finalizers && { finalizers }) } };
  return { type: 'patch', kind, key: object.metadata, patchType: 'merge', patch };
}
