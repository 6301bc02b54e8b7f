// Deletes what has lost all its owners, and settles what becomes of dependents when their owner is deleted with the policies
// Foreground and Orphan (Kubernetes, "Garbage Collection"). A cache only raises a suspicion: the server confirms it.
import { kinds as allKinds } from '@berth/api';
import { type Action, type Caches, type Controller, watches } from '@berth/controller';
import { apiVersionOf, type KindDefinition, type KubeObject, keyOf, type OwnerReference } from '@berth/machinery';
import { patchOwners } from './ownership.ts';

const foregroundFinalizer = 'foregroundDeletion';
const orphanFinalizer = 'orphan';
const ownersIndex = 'owners';
const uidIndex = 'uid';

/** Events have no owners and no dependents, and there are many. */
const collectedKinds = allKinds.filter(({ kind }) => kind !== 'Event');

export interface Owner {
  reference: OwnerReference;
  /** Undefined for a kind that nobody serves: then nothing is known about it. */
  kind: KindDefinition | undefined;
  object: KubeObject | undefined;
}

export interface ObservedOwnership {
  kind: KindDefinition;
  object: KubeObject;
  owners: Owner[];
  dependents: { kind: KindDefinition; object: KubeObject }[];
}

export const garbageCollector: Controller<ObservedOwnership> = {
  name: 'garbage-collector-controller',
  owns: ['metadata.finalizers[foregroundDeletion]', 'metadata.finalizers[orphan]'],
  watches: collectedKinds.map((kind) => watches(kind, (object, caches, old) => keysToLookAt(kind, object, caches, old))),
  prepare(caches) {
    for (const kind of collectedKinds) {
      caches.of(kind).addIndex(ownersIndex, ({ metadata }) => (metadata.ownerReferences ?? []).map(({ uid }) => uid));
      caches.of(kind).addIndex(uidIndex, ({ metadata }) => [metadata.uid ?? '']);
    }
  },
  observe(key, caches) {
    const [kindName = '', objectKey = ''] = key.split('|');
    const kind = collectedKinds.find((candidate) => nameOf(candidate) === kindName);
    const object = kind && caches.of(kind).get(objectKey);
    if (!object) return undefined;
    return { kind, object, owners: ownersOf(object, caches), dependents: waitsForDependents(object) ? dependentsOf(object, caches) : [] };
  },
  plan: planOwnership,
};

function keysToLookAt(kind: KindDefinition, object: KubeObject, caches: Caches, old: KubeObject | undefined): string[] {
  const current = caches.of(kind).get(keyOf(object));
  const isGone = current?.metadata.uid !== object.metadata.uid;
  // How the object was is compared below, together with how it is.
  if (!isGone && current !== object) return [];
  if (old && !isGone && !concernsOwnership(object, old)) return [];
  const own = needsLook(object) ? [keyFor(kind, object)] : [];
  // Dependents look again when their owner goes, or is deleted in the foreground; owners when they may have lost a dependent.
  const dependents = isGone || waitsForDependents(object) ? dependentsOf(object, caches) : [];
  const owners = [object, ...(old ? [old] : [])].flatMap((dependent) => ownersOf(dependent, caches));
  const waiting = owners.flatMap((owner) =>
    owner.kind && owner.object && waitsForDependents(owner.object) ? [keyFor(owner.kind, owner.object)] : [],
  );
  return [...own, ...dependents.map((found) => keyFor(found.kind, found.object)), ...waiting];
}

/** Most changes are of status. */
function concernsOwnership({ metadata: next }: KubeObject, { metadata: old }: KubeObject): boolean {
  const facts = ({ uid, ownerReferences, finalizers, deletionTimestamp }: KubeObject['metadata']) =>
    JSON.stringify([uid, ownerReferences, finalizers, deletionTimestamp]);
  return facts(next) !== facts(old);
}

function nameOf(kind: KindDefinition): string {
  return `${apiVersionOf(kind)}/${kind.kind}`;
}

function keyFor(kind: KindDefinition, object: KubeObject): string {
  return `${nameOf(kind)}|${keyOf(object)}`;
}

function needsLook(object: KubeObject): boolean {
  return (object.metadata.ownerReferences?.length ?? 0) > 0 || waitsForDependents(object);
}

function waitsForDependents({ metadata }: KubeObject): boolean {
  const { deletionTimestamp, finalizers = [] } = metadata;
  return deletionTimestamp !== undefined && (finalizers.includes(foregroundFinalizer) || finalizers.includes(orphanFinalizer));
}

function dependentsOf({ metadata: { uid = '' } }: KubeObject, caches: Caches): { kind: KindDefinition; object: KubeObject }[] {
  return collectedKinds.flatMap((kind) =>
    caches
      .of(kind)
      .byIndex(ownersIndex, uid)
      .map((object) => ({ kind, object })),
  );
}

function ownersOf(object: KubeObject, caches: Caches): Owner[] {
  return (object.metadata.ownerReferences ?? []).map((reference) => {
    // Another version of a group has the same objects.
    const group = reference.apiVersion.includes('/') ? reference.apiVersion.slice(0, reference.apiVersion.indexOf('/')) : '';
    const kind = collectedKinds.find((candidate) => candidate.kind === reference.kind && candidate.group === group);
    // The owner of something in a namespace is in the same one, or in none.
    const found = kind && caches.of(kind).get(keyOf({ metadata: ownerKey(kind, object, reference) }));
    return { reference, kind, object: found?.metadata.uid === reference.uid ? found : undefined };
  });
}

function ownerKey(kind: KindDefinition, object: KubeObject, { name }: OwnerReference): { namespace?: string; name: string } {
  return kind.namespaced ? { namespace: object.metadata.namespace ?? '', name } : { name };
}

export function planOwnership(observed: ObservedOwnership): Action[] {
  const { object } = observed;
  if (waitsForDependents(object)) return settleDependents(observed);
  return object.metadata.deletionTimestamp ? [] : planDependent(observed);
}

function settleDependents({ kind, object, dependents }: ObservedOwnership): Action[] {
  const { uid = '', finalizers = [] } = object.metadata;
  if (finalizers.includes(orphanFinalizer)) {
    const actions = dependents.map((dependent) => patchOwners(dependent.kind, dependent.object, without(dependent.object, uid)));
    return [{ type: 'slowStart', actions }, removeFinalizer(kind, object, orphanFinalizer)];
  }
  const blocking = dependents.filter((dependent) =>
    dependent.object.metadata.ownerReferences?.some((reference) => reference.uid === uid && reference.blockOwnerDeletion),
  );
  // Dependents are looked at by themselves, and this one again when they are gone.
  return blocking.length > 0 ? [] : [removeFinalizer(kind, object, foregroundFinalizer)];
}

function without({ metadata }: KubeObject, uid: string): OwnerReference[] {
  return (metadata.ownerReferences ?? []).filter((reference) => reference.uid !== uid);
}

/** Fails with Conflict when the object is not as it was seen. */
function removeFinalizer(kind: KindDefinition, { metadata }: KubeObject, finalizer: string): Action {
  const finalizers = (metadata.finalizers ?? []).filter((name) => name !== finalizer);
  const patch = { metadata: { uid: metadata.uid, resourceVersion: metadata.resourceVersion, finalizers } };
  return { type: 'patch', kind, key: metadata, patchType: 'merge', patch };
}

function planDependent(observed: ObservedOwnership): Action[] {
  const { kind, object, owners } = observed;
  const absent = owners.filter((owner) => owner.kind && !owner.object);
  const leaving = owners.filter((owner) => owner.object && isDeletedInForeground(owner.object));
  const solid = owners.filter((owner) => !absent.includes(owner) && !leaving.includes(owner));
  if (absent.length + leaving.length === 0) return [];
  const uids = new Set([...absent, ...leaving].map(({ reference }) => reference.uid));
  const kept = (object.metadata.ownerReferences ?? []).filter(({ uid }) => !uids.has(uid));
  if (solid.length > 0) return confirmed(object, absent, [patchOwners(kind, object, kept)]);
  return confirmed(object, absent, [remove(observed, leaving.length > 0)]);
}

function isDeletedInForeground({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(foregroundFinalizer);
}

/** With the policy that it asks for itself; in the foreground when its owner waits for it. */
function remove({ kind, object }: ObservedOwnership, isForeground: boolean): Action {
  const { metadata } = object;
  const finalizers = metadata.finalizers ?? [];
  const propagationPolicy = finalizers.includes(orphanFinalizer)
    ? ('Orphan' as const)
    : isForeground || finalizers.includes(foregroundFinalizer)
      ? ('Foreground' as const)
      : ('Background' as const);
  return { type: 'delete', kind, key: metadata, uid: metadata.uid ?? '', propagationPolicy };
}

function confirmed(object: KubeObject, absent: Owner[], actions: Action[]): Action[] {
  return absent.reduce((inner: Action[], { kind, reference }) => {
    if (!kind) return inner;
    return [{ type: 'ifAbsent', kind, key: ownerKey(kind, object, reference), uid: reference.uid, actions: inner }];
  }, actions);
}
