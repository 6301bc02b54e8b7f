// The metadata that only the API server writes: identity, generation, deletion. What clients send there is replaced by what
// is true, or refused where replacing it silently would mislead them.
import {
  deepEqual,
  type FieldError,
  groupResourceOf,
  type KindDefinition,
  type KubeObject,
  type ObjectMeta,
  StatusError,
} from '@berth/machinery';
import { type Clock, type Random, timestamp } from '@berth/telemetry';
import { requireVersion } from './body.ts';

/** Kubernetes trims the base of a generated name to this, so that base and suffix stay a DNS label. */
const generateNameBaseLengthMax = 58;

/** An object with the two members that most kinds have. */
export interface Shaped extends KubeObject {
  spec?: unknown;
  status?: unknown;
}

export function generatedName(base: string, random: Random): string {
  return base.slice(0, generateNameBaseLengthMax) + random.suffix(5);
}

/** In Kubernetes core kinds have no generation, except the Pod and what says so itself. */
export function hasGeneration(kind: KindDefinition): boolean {
  if (kind.strategy.hasGeneration !== undefined) return kind.strategy.hasGeneration;
  return (kind.group !== '' || kind.kind === 'Pod') && kind.schema.byName.has('spec');
}

const identity = ['uid', 'creationTimestamp', 'resourceVersion'] as const;
const deletion = ['deletionTimestamp', 'deletionGracePeriodSeconds'] as const;

/**
 * Takes from a new object what only the server gives; kinds that have no generation keep the one that was sent.
 * @param keepsDeletion of what a PUT or an apply makes: Kubernetes takes this away in a POST alone
 */
export function wipeNew({ metadata }: KubeObject, keepsDeletion = false): void {
  for (const field of keepsDeletion ? identity : [...identity, ...deletion]) delete metadata[field];
}

/** Gives a new object its identity. */
export function stampNew(kind: KindDefinition, object: KubeObject, clock: Clock, random: Random): void {
  const { metadata } = object;
  for (const field of identity) delete metadata[field];
  metadata.uid = random.uuid();
  metadata.creationTimestamp = timestamp(clock);
  if (hasGeneration(kind)) metadata.generation = 1;
}

/** Resources whose objects lie elsewhere in Kubernetes' etcd than under their own name. */
const resourcePrefixes: Record<string, string | undefined> = {
  replicationcontrollers: 'controllers',
  endpoints: 'services/endpoints',
  services: 'services/specs',
  nodes: 'minions',
  'ingresses.networking.k8s.io': 'ingress',
};

function resourcePrefix(kind: KindDefinition): string {
  return resourcePrefixes[groupResourceOf(kind)] ?? kind.plural;
}

/** Whether a version names one: 0 stands for any, and what is no number for none. */
export function isVersion(resourceVersion = ''): boolean {
  return /^\d*[1-9]\d*$/.test(resourceVersion);
}

/** @throws StatusError Conflict when `given`, which is to take the place of `old`, is another object. */
export function requireUid(kind: KindDefinition, given: KubeObject, { metadata: kept }: KubeObject, isDryRun = false): void {
  const { uid } = given.metadata;
  if (!uid || uid === kept.uid) return;
  const detail = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${kept.uid}`;
  // As Kubernetes' store says it, which names the key: where it keeps the object in etcd, and in a dry run without that prefix.
  const key = `${isDryRun ? '' : '/registry'}/${[resourcePrefix(kind), kept.namespace, kept.name].filter(Boolean).join('/')}`;
  const storage = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${detail}`;
  throw StatusError.conflict(kind, kept.name, storage);
}

/** @throws StatusError Conflict when `given` is about an older version of the object. */
function checkVersion(kind: KindDefinition, given: KubeObject, { metadata: kept }: KubeObject): void {
  const { resourceVersion } = given.metadata;
  requireVersion(kind, given);
  if (resourceVersion && resourceVersion !== '0' && resourceVersion !== kept.resourceVersion) {
    const detail = 'the object has been modified; please apply your changes to the latest version and try again';
    throw StatusError.conflict(kind, kept.name, detail);
  }
}

/** Keeps identity and deletion through an update. @returns what `next` may not say of them @throws StatusError Conflict for an old version */
export function carryMetadata(kind: KindDefinition, next: KubeObject, old: KubeObject): FieldError[] {
  checkVersion(kind, next, old);
  const given = next.metadata;
  const kept = old.metadata;
  const errors = [
    ...(given.uid ? immutable(given, kept, 'uid') : []),
    ...immutable(given, kept, 'deletionTimestamp'),
    ...immutable(given, kept, 'deletionGracePeriodSeconds'),
    ...newFinalizers(given, kept),
  ];
  keep(given, kept);
  return errors;
}

function immutable(given: ObjectMeta, kept: ObjectMeta, field: 'uid' | 'deletionTimestamp' | 'deletionGracePeriodSeconds'): FieldError[] {
  // A missing value means an older or partial copy, and is filled in; once there, the time of deletion is kept silently.
  if (given[field] === undefined || given[field] === kept[field]) return [];
  if (field === 'deletionTimestamp' && kept[field] !== undefined) return [];
  return [{ type: 'Invalid', field: `metadata.${field}`, value: given[field], detail: 'field is immutable' }];
}

function newFinalizers(given: ObjectMeta, kept: ObjectMeta): FieldError[] {
  if (!kept.deletionTimestamp) return [];
  const added = (given.finalizers ?? []).filter((finalizer) => !(kept.finalizers ?? []).includes(finalizer));
  if (added.length === 0) return [];
  const list = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`;
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
  return [{ type: 'Forbidden', field: 'metadata.finalizers', detail }];
}

const serverWritten = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generateName',
] as const;

function keep(given: ObjectMeta, kept: ObjectMeta): void {
  for (const field of serverWritten) {
    if (kept[field] === undefined) delete given[field];
    else Object.assign(given, { [field]: kept[field] });
  }
}

/** Counts a change of what is asked for, not of what is observed. */
export function nextGeneration(kind: KindDefinition, next: Shaped, old: Shaped): void {
  if (!hasGeneration(kind)) return;
  const changed = kind.strategy.generationChanged?.(next, old) ?? !deepEqual(next.spec ?? {}, old.spec ?? {});
  if (changed) next.metadata.generation = (old.metadata.generation ?? 0) + 1;
}

/** Whether nothing keeps an object that is being deleted. */
export function isFinished(object: Shaped): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  if (!deletionTimestamp || (finalizers?.length ?? 0) > 0 || (deletionGracePeriodSeconds ?? 0) > 0) return false;
  return !holdsNamespace(object);
}

/** A Namespace has finalizers in its spec as well. */
export function holdsNamespace(object: Shaped): boolean {
  if (object.kind !== 'Namespace' || object.apiVersion !== 'v1') return false;
  const spec = object.spec as { finalizers?: string[] } | undefined;
  return (spec?.finalizers?.length ?? 0) > 0;
}
