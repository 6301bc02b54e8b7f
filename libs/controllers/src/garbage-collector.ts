// Deletes what has lost all its owners, and settles what becomes of dependents when their owner is deleted with the policies
// Foreground and Orphan (Kubernetes, "Garbage Collection"). A cache only raises a suspicion: the server confirms it.
import { kinds as allKinds, kindViews } from '@berth/api';
import { type Action, type Caches, type Controller, type ControllerWatch, watches } from '@berth/controller';
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
  /** Whether the object of that uid is in another namespace, where nothing can own what is in this one. */
  isElsewhere: boolean;
}

export interface ObservedOwnership {
  kind: KindDefinition;
  object: KubeObject;
  owners: Owner[];
  /** Known where they matter: when the object, or one of its owners, waits for its dependents. */
  dependents: { kind: KindDefinition; object: KubeObject }[];
  /** Whether it waits for itself: each waits for the next one, which it owns. */
  isInCircle: boolean;
}

export const garbageCollector: Controller<ObservedOwnership> = {
  name: 'garbage-collector-controller',
  owns: ['metadata.finalizers[foregroundDeletion]', 'metadata.finalizers[orphan]'],
  writes: ['*'],
  watches: collectedKinds.map(watchOf),
  watchesCustom(kind, caches) {
    index(kind, caches);
    return watchOf(kind);
  },
  prepare(caches) {
    for (const kind of collectedKinds) index(kind, caches);
  },
  observe(key, caches) {
    const [kindName = '', objectKey = ''] = key.split('|');
    const kind = collected(caches).find((candidate) => nameOf(candidate) === kindName);
    const object = kind && caches.of(kind).get(objectKey);
    if (!object) return undefined;
    const owners = ownersOf(object, caches);
    const dependsOnThem = waitsForDependents(object) || owners.some((owner) => owner.object && isDeletedInForeground(owner.object));
    const dependents = dependsOnThem ? dependentsOf(object, caches) : [];
    return { kind, object, owners, dependents, isInCircle: isInCircle(object, caches) };
  },
  plan: planOwnership,
};

function watchOf(kind: KindDefinition): ControllerWatch {
  return watches(kind, (object, caches, old) => keysToLookAt(kind, object, caches, old));
}

function index(kind: KindDefinition, caches: Caches): void {
  caches.of(kind).addIndex(ownersIndex, ({ metadata }) => (metadata.ownerReferences ?? []).map(({ uid }) => uid));
  caches.of(kind).addIndex(uidIndex, ({ metadata }) => [metadata.uid ?? '']);
}

function collected(caches: Caches): KindDefinition[] {
  return [...collectedKinds, ...caches.customKinds().map(({ read }) => read)];
}

function keysToLookAt(kind: KindDefinition, object: KubeObject, caches: Caches, old: KubeObject | undefined): string[] {
  const current = caches.of(kind).get(keyOf(object));
  const isGone = current?.metadata.uid !== object.metadata.uid;
  // How the object was is compared below, together with how it is.
  if (!isGone && current !== object) return [];
  if (old && !isGone && !concernsOwnership(object, old)) return [];
  const own = needsLook(object) ? [keyFor(kind, object)] : [];
  // Dependents look again when their owner goes, or is deleted in the foreground; owners when they may have lost a dependent.
  const all = isGone || waitsForDependents(object) || !old ? dependentsOf(object, caches) : [];
  // Of what is new to this process, those that name it from another namespace.
  const isForeign = (dependent: KubeObject) => dependent.metadata.namespace !== object.metadata.namespace;
  const dependents = isGone || waitsForDependents(object) ? all : all.filter((found) => kind.namespaced && isForeign(found.object));
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
  return collected(caches).flatMap((kind) =>
    caches
      .of(kind)
      .byIndex(ownersIndex, uid)
      .map((object) => ({ kind, object })),
  );
}

function ownersOf(object: KubeObject, caches: Caches): Owner[] {
  return (object.metadata.ownerReferences ?? []).map((reference) => {
    const kind = kindOf(reference, caches);
    // The owner of something in a namespace is in the same one, or in none.
    const found = kind && caches.of(kind).get(keyOf({ metadata: ownerKey(kind, object, reference) }));
    const owner = found?.metadata.uid === reference.uid ? found : undefined;
    return { reference, kind, object: owner, isElsewhere: !owner && isInOtherNamespace(reference, object, caches) };
  });
}

/** Another version of a group has the same objects, if it is served. */
function kindOf({ apiVersion, kind }: OwnerReference, caches: Caches): KindDefinition | undefined {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const custom = caches.customKinds().flatMap(({ kinds }) => kinds.served);
  const isServed = [...collectedKinds, ...kindViews, ...custom].some((one) => one.kind === kind && apiVersionOf(one) === apiVersion);
  return isServed ? collected(caches).find((candidate) => candidate.kind === kind && candidate.group === group) : undefined;
}

function isInOtherNamespace({ uid }: OwnerReference, { metadata }: KubeObject, caches: Caches): boolean {
  return collected(caches).some(
    (kind) =>
      kind.namespaced &&
      caches
        .of(kind)
        .byIndex(uidIndex, uid)
        .some((found) => found.metadata.namespace !== metadata.namespace),
  );
}

/** Goes up from owner to owner, among those that are deleted in the foreground and wait for what they own. */
function isInCircle(object: KubeObject, caches: Caches): boolean {
  if (!isDeletedInForeground(object)) return false;
  const seen = new Set<string>();
  const blocked = (dependent: KubeObject) =>
    ownersOf(dependent, caches).flatMap((owner) =>
      owner.object && owner.reference.blockOwnerDeletion && isDeletedInForeground(owner.object) ? [owner.object] : [],
    );
  for (let level = blocked(object); level.length > 0; level = level.flatMap(blocked)) {
    if (level.some(({ metadata }) => metadata.uid === object.metadata.uid)) return true;
    level = level.filter(({ metadata: { uid = '' } }) => !seen.has(uid) && seen.add(uid));
  }
  return false;
}

function ownerKey(kind: KindDefinition, object: KubeObject, { name }: OwnerReference): { namespace?: string; name: string } {
  return kind.namespaced ? { namespace: object.metadata.namespace ?? '', name } : { name };
}

export function planOwnership(observed: ObservedOwnership): Action[] {
  const { object } = observed;
  if (waitsForDependents(object)) return settleDependents(observed);
  return object.metadata.deletionTimestamp
    ? []
    : [...observed.owners.flatMap((owner) => tellElsewhere(observed, owner)), ...planDependent(observed)];
}

function tellElsewhere({ object }: ObservedOwnership, { reference, isElsewhere }: Owner): Action[] {
  if (!isElsewhere) return [];
  const { namespace = '' } = object.metadata;
  const { apiVersion, kind, name, uid } = reference;
  const identity = `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`;
  const message = `ownerRef ${identity} does not exist in namespace ${JSON.stringify(namespace)}`;
  return [{ type: 'event', event: { about: object, eventType: 'Warning', reason: 'OwnerRefInvalidNamespace', message } }];
}

function settleDependents({ kind, object, dependents, isInCircle }: ObservedOwnership): Action[] {
  const { uid = '', finalizers = [] } = object.metadata;
  if (finalizers.includes(orphanFinalizer)) {
    const actions = dependents.map((dependent) => patchOwners(dependent.kind, dependent.object, without(dependent.object, uid)));
    return [{ type: 'slowStart', actions }, removeFinalizer(kind, object, orphanFinalizer)];
  }
  const blocking = dependents.filter((dependent) =>
    dependent.object.metadata.ownerReferences?.some((reference) => reference.uid === uid && reference.blockOwnerDeletion),
  );
  if (blocking.length === 0) return [removeFinalizer(kind, object, foregroundFinalizer)];
  // Dependents are looked at by themselves, and this one again when they are gone.
  return isInCircle ? [patchOwners(kind, object, unblocked(object))] : [];
}

function without({ metadata }: KubeObject, uid: string): OwnerReference[] {
  return (metadata.ownerReferences ?? []).filter((reference) => reference.uid !== uid);
}

/** Its owners no longer wait for it. */
function unblocked({ metadata }: KubeObject): OwnerReference[] {
  return (metadata.ownerReferences ?? []).map(({ blockOwnerDeletion: _blocks, ...reference }) => reference);
}

/** Fails with Conflict when the object is not as it was seen. */
function removeFinalizer(kind: KindDefinition, { metadata }: KubeObject, finalizer: string): Action {
  const finalizers = (metadata.finalizers ?? []).filter((name) => name !== finalizer);
  const patch = { metadata: { uid: metadata.uid, resourceVersion: metadata.resourceVersion, finalizers } };
  return { type: 'patch', kind, key: metadata, patchType: 'merge', patch };
}

function planDependent(observed: ObservedOwnership): Action[] {
  const { kind, object, owners, dependents } = observed;
  const absent = owners.filter((owner) => owner.kind && !owner.object);
  const leaving = owners.filter((owner) => owner.object && isDeletedInForeground(owner.object));
  const solid = owners.filter((owner) => !absent.includes(owner) && !leaving.includes(owner));
  // Nothing is known about an object's owner in a namespace when the object itself is in none: it stays.
  const isInvalid = !kind.namespaced && owners.some((owner) => owner.kind?.namespaced);
  if (isInvalid || absent.length + leaving.length === 0) return [];
  const uids = new Set([...absent, ...leaving].map(({ reference }) => reference.uid));
  const kept = (object.metadata.ownerReferences ?? []).filter(({ uid }) => !uids.has(uid));
  if (solid.length > 0) return confirmed(object, absent, [patchOwners(kind, object, kept)]);
  return confirmed(object, absent, [remove(observed, leaving.length > 0 && dependents.length > 0)]);
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
