// Server-side apply on one object, and the tracking of all other writes: what the object becomes, and who owns what of it then.
// Pure; the time is text, and an entry's time is that of the last write by which its manager changed something.
import { deepClone, deepEqual } from '../json.ts';
import type { KubeObject } from '../object.ts';
import type { MessageSchema } from '../schema.ts';
import { changedFields, type FieldChanges, noChanges } from './changed-fields.ts';
import { type Conflict, conflictError } from './conflicts.ts';
import { difference, type FieldSet, intersection, isEmpty, leaves, noFields, union } from './field-set.ts';
import { type Converting, converted, type Forms } from './forms.ts';
import {
  asksToReset,
  type Identity,
  isSame,
  type ManagedFieldsEntry,
  type Manager,
  readManagers,
  without,
  writeManagers,
} from './managers.ts';
import { checkItems, mergeApplied, removeFields } from './merge-applied.ts';
import { lacksKeys } from './missing-keys.ts';
import { fieldsOf, fieldsOfNew } from './object-fields.ts';
import { rootShape } from './shape.ts';

/** Owns what an object had before anybody's ownership was tracked. */
const beforeFirstApply = 'before-first-apply';

/** Fields of every object that nobody manages. */
const unmanaged: FieldSet = {
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': Object.fromEntries(
    ['.', ...'name namespace creationTimestamp selfLink uid clusterName generation managedFields resourceVersion'.split(' ')].map(
      (name) => [name === '.' ? name : `f:${name}`, {}],
    ),
  ),
};

export interface Author {
  manager: string;
  apiVersion: string;
  subresource?: string;
  /** RFC 3339; undefined for who scales, whom Kubernetes notes without a time. */
  time: string | undefined;
}

export function managedFieldsOf(object: KubeObject): ManagedFieldsEntry[] | undefined {
  return (object.metadata as { managedFields?: ManagedFieldsEntry[] }).managedFields;
}

/** An empty list removes the field. Changes the object given. */
export function setManagedFields(object: KubeObject, entries: ManagedFieldsEntry[]): void {
  const metadata = object.metadata as { managedFields?: ManagedFieldsEntry[] };
  if (entries.length > 0) metadata.managedFields = entries;
  else delete metadata.managedFields;
}

/** A copy that shares nothing that could change: managedFields frozen in the cache stay what they are, and cost nothing. */
export function cloneObject<T extends KubeObject>(object: T): T {
  const entries = managedFieldsOf(object);
  if (!entries || !Object.isFrozen(entries)) return deepClone(object);
  const copy = deepClone(content(object));
  setManagedFields(copy, entries);
  return copy;
}

/**
 * The managedFields after a write that is no apply: whoever changes a field owns it alone.
 * @param old undefined when the object is new
 * @param next defaulted; its own managedFields, where it has any, are a client's change to ownership itself
 * @param forms of kinds with several versions: `message`, `old` and `next` are of the author's
 */
export function* managedAfterUpdateAs(
  message: MessageSchema,
  old: KubeObject | undefined,
  next: KubeObject,
  author: Author,
  forms?: Forms,
): Converting<ManagedFieldsEntry[]> {
  const given = managedFieldsOf(next);
  if (asksToReset(given) || lacksKeys(message, next)) return [];
  const live = old && managedFieldsOf(old);
  const isGiven = given !== undefined && given.length > 0 && !deepEqual(given, live);
  const managers = (isGiven && readManagers(given)) || readManagers(live) || [];
  // Objects from before ownership was tracked stay untracked until somebody applies.
  if (managers.length === 0 && old) return [];
  const shape = rootShape(message);
  const changes = old
    ? changedFields(shape, manageable(old), manageable(next))
    : { ...noChanges, added: fieldsOfNew(message, manageable(next)) };
  const identity: Identity = { ...identityOf(author), operation: 'Update' };
  const taken = union(changes.modified, changes.added);
  const changesFor = yield* changesIn(forms, old, next, changes, managers);
  if (!isGiven && live && isEmpty(taken) && isEmpty(changes.removed) && !forms) return live;
  const kept = managers.map((manager) => {
    if (isSame(manager, identity)) return without(manager, changes.removed);
    const { modified, added, removed } = changesFor(manager);
    return without(without(manager, removed), union(modified, added));
  });
  if (isEmpty(taken)) return writeManagers(kept);
  const own = kept.find((manager) => isSame(manager, identity))?.fields ?? noFields;
  return writeManagers(withManager(kept, { ...identity, time: author.time, fields: union(own, taken) }));
}

/** The same for kinds of one version. */
export function managedAfterUpdate(
  message: MessageSchema,
  old: KubeObject | undefined,
  next: KubeObject,
  author: Author,
): ManagedFieldsEntry[] {
  return converted(managedAfterUpdateAs(message, old, next, author), unasked);
}

function unasked(): never {
  throw new RangeError('a kind of one version has no other to be converted to');
}

export interface ApplyRequest {
  message: MessageSchema;
  /** Undefined when the object is to be created. */
  live: KubeObject | undefined;
  applied: KubeObject;
  author: Author;
  force: boolean;
  /** Fields that may change hands without force. */
  transferable?: FieldSet;
  /** Fields of the object that are the server's, whoever applies them. */
  reset?: readonly string[];
  /** Of kinds with several versions: `message`, `live` and `applied` are of the author's. */
  forms?: Forms;
}

function appliedChanges({ message, live, reset }: ApplyRequest, next: KubeObject): FieldChanges {
  return besides(changedFields(rootShape(message), live && content(live), next), reset);
}

function besides({ added, modified, removed }: FieldChanges, reset?: readonly string[]): FieldChanges {
  return { added: withoutFields(added, reset), modified: withoutFields(modified, reset), removed: withoutFields(removed, reset) };
}

function withoutFields(set: FieldSet, names: readonly string[] = []): FieldSet {
  if (names.length === 0) return set;
  return Object.fromEntries(Object.entries(set).filter(([element]) => !names.includes(element.slice('f:'.length))));
}

type ChangesFor = (manager: Manager) => FieldChanges;

/** What a write changes, as each manager's version names it. */
function* changesIn(
  forms: Forms | undefined,
  old: KubeObject | undefined,
  next: KubeObject,
  own: FieldChanges,
  managers: readonly Manager[],
  reset?: readonly string[],
): Converting<ChangesFor> {
  if (!forms || !old) return () => own;
  const changes = yield* forms.changes(content(old), content(next), own, managers);
  return (manager) => besides(changes(manager), reset);
}

/** The live object as the apply makes it, with its managedFields. @throws StatusError Conflict, or BadRequest for a malformed list */
export function* applyConfigurationAs(request: ApplyRequest): Converting<KubeObject> {
  const { message, live, applied, author, force, transferable, forms } = request;
  const shape = rootShape(message);
  checkItems(shape, applied);
  const managers = liveManagers(message, live, author);
  const identity: Identity = { ...identityOf(author), operation: 'Apply' };
  const known = managers.find((manager) => isSame(manager, identity));
  const wanted = fieldsOf(shape, content(applied));
  const others = managers.filter((manager) => !isSame(manager, identity));
  const merged = mergeApplied(shape, live ? content(live) : {}, content(applied)) as KubeObject;
  const next = known
    ? yield* withoutDropped(request, merged, known, [...others, { ...known, apiVersion: author.apiVersion, fields: wanted }])
    : merged;
  const changesFor = yield* changesIn(forms, live, next, appliedChanges(request, next), others, request.reset);
  refuseConflicts(others, changesFor, force, transferable);
  const kept = others.map((manager) => {
    const { modified, added, removed } = changesFor(manager);
    return without(without(manager, union(modified, added)), removed);
  });
  const fields = withoutFields(difference(wanted, unmanaged), request.reset);
  const result = { ...next, metadata: { ...next.metadata } };
  const time = live && deepEqual(next, content(live)) ? known?.time : author.time;
  setManagedFields(result, writeManagers(withManager(kept, { ...identity, time, fields })));
  return result;
}

/** The same for kinds of one version. */
export function applyConfiguration(request: Omit<ApplyRequest, 'forms'>): KubeObject {
  return converted(applyConfigurationAs(request), unasked);
}

function liveManagers(message: MessageSchema, live: KubeObject | undefined, author: Author): Manager[] {
  if (!live) return [];
  const managers = readManagers(managedFieldsOf(live)) ?? [];
  if (managers.length > 0) return managers;
  const fields = difference(fieldsOfNew(message, manageable(live)), unmanaged);
  const { apiVersion, time } = author;
  return [{ manager: beforeFirstApply, operation: 'Update', apiVersion, subresource: '', time, fields }];
}

/** @param known who applies, as before @param owners of what is there, who applies among them */
function* withoutDropped({ message, forms }: ApplyRequest, merged: KubeObject, known: Manager, owners: Manager[]): Converting<KubeObject> {
  if (isEmpty(known.fields)) return merged;
  if (forms) return yield* forms.prune(merged, known.fields, known.apiVersion, owners);
  const owned = owners.reduce((all, manager) => union(all, manager.fields), noFields);
  return removeFields(rootShape(message), merged, known.fields, owned) as KubeObject;
}

function refuseConflicts(others: Manager[], changesFor: ChangesFor, force: boolean, transferable: FieldSet = noFields): void {
  if (force) return;
  const conflicts: Conflict[] = others.map((manager) => {
    const { modified, added } = changesFor(manager);
    const taken = union(modified, added);
    return { manager, fields: difference(leaves(intersection(manager.fields, taken)), transferable) };
  });
  const found = conflicts.filter(({ fields }) => !isEmpty(fields));
  if (found.length > 0) throw conflictError(found);
}

function withManager(kept: Manager[], manager: Manager): Manager[] {
  return [...kept.filter((other) => !isSame(other, manager)), manager];
}

function identityOf({ manager, apiVersion, subresource = '' }: Author): Omit<Identity, 'operation'> {
  return { manager, apiVersion, subresource };
}

/** What of an object writes can own: looking at nothing else keeps creating objects fast. */
function manageable(object: KubeObject): unknown {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = object;
  const { labels, annotations, ownerReferences, finalizers, generateName } = metadata;
  return { metadata: { generateName, labels, annotations, ownerReferences, finalizers }, ...rest };
}

/** The object without its managedFields, which describe and are not described. */
function content<T extends KubeObject>(object: T): T {
  if (managedFieldsOf(object) === undefined) return object;
  const { managedFields: _managed, ...metadata } = object.metadata as KubeObject['metadata'] & { managedFields?: unknown };
  return { ...object, metadata };
}

/** The fields of a configuration that may change hands: those that live has as the configuration had them. */
export function fieldsHeldAs(message: MessageSchema, live: KubeObject, configuration: KubeObject): FieldSet {
  const shape = rootShape(message);
  const { modified, removed } = changedFields(shape, configuration, content(live));
  return difference(fieldsOf(shape, configuration), union(modified, removed));
}
