// From what a client sent to an object of its kind: right types, right resource, no fields that the kind does not have.
import { schemas } from '@berth/api';
import {
  apiVersionOf,
  type CheckedObject,
  type CheckOptions,
  checkTypes,
  decisiveProblem,
  deepClone,
  deepEqual,
  type FieldError,
  fieldMessage,
  isRecord,
  isUserDefined,
  type KindDefinition,
  type KubeObject,
  type ManagedFieldsEntry,
  type MessageSchema,
  StatusError,
  setManagedFields,
  type TypeProblem,
} from '@berth/machinery';
import type { Target, WriteSettings } from './types.ts';

/** Unknown and repeated fields shown in one answer. */
const shownProblemsMax = 10;

export interface ReadBody {
  /** The caller's own copy. */
  object: KubeObject;
  warnings: string[];
}

/** How a body is read that is no whole object as such, and how its errors are told. */
export interface Reading extends CheckOptions {
  /** The order in which a patched object is decoded: its first error is the one that is told. */
  decodes?: CheckOptions['order'];
  /** In place of `duplicates`: complete sentences. */
  repeated?: string[];
  /** Whether unknown fields are told of in the order of their names, and not in the body's. */
  sortsUnknown?: boolean;
  /** @param error the one that Kubernetes would name */
  refusedTypes?(error: TypeProblem): StatusError;
  refusedValue?(detail: string): StatusError;
  refusedFields?(problems: string[]): StatusError;
}

/** @throws StatusError 400 for wrong types, another kind's object, or (Strict) unknown or repeated fields, unless `reading` says otherwise. */
export function readBody(kind: KindDefinition, body: unknown, settings: WriteSettings, reading?: Reading): ReadBody {
  const { fieldValidation = 'Warn', duplicates = [] } = settings;
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw StatusError.badRequest(`the body must be one ${kind.kind} object`);
  }
  checkKind(kind, body, reading?.refusedValue);
  const { content, managed } = withoutOwnManaged(body);
  const { value, errors, unknown } = kind.readContent ? readCustom(kind, content, reading) : checkTypes(kind.schema, content, reading);
  if (errors.length > 0) {
    const decisive = decisiveIn(kind, content, errors, reading);
    throw reading?.refusedTypes?.(decisive) ?? cannotBeHandled(kind, problem(decisive));
  }
  const unreadable = kind.unreadable?.(value as Record<string, unknown> & KubeObject);
  if (unreadable !== undefined) throw reading?.refusedValue?.(unreadable) ?? cannotBeHandled(kind, unreadable);
  const strange = (reading?.sortsUnknown ? unknown.sort() : unknown).map((path) => `unknown field ${JSON.stringify(path)}`);
  // A patch is read before what it makes; of an object, unknown fields come first.
  const problems = reading?.repeated
    ? [...reading.repeated, ...strange]
    : [...strange, ...duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`)];
  if (problems.length > 0 && fieldValidation === 'Strict') {
    const shown = problems.slice(0, shownProblemsMax);
    throw reading?.refusedFields?.(shown) ?? cannotBeHandled(kind, `strict decoding error: ${shown.join(', ')}`);
  }
  const object = value as Record<string, unknown> & KubeObject;
  object.apiVersion = apiVersionOf(kind);
  object.kind = kind.kind;
  object.metadata = withReadableManagers(dropSelfLink(object.metadata ?? { name: '' }));
  if (managed) setManagedFields(object, managed);
  const repeated = withoutRepeatedOwners(object, reading !== undefined);
  const warnings = [...(fieldValidation === 'Warn' ? problems.slice(0, shownProblemsMax) : []), ...repeated];
  if (warnings.length > 0) settings.noteWarnings?.(warnings);
  return { object, warnings };
}

/** Of kinds that users define only metadata has types of its own; of all else, the kind says what it takes. */
function readCustom(kind: KindDefinition, content: object, reading: Reading | undefined): CheckedObject {
  const { apiVersion, kind: name, metadata, ...rest } = content as Record<string, unknown>;
  const checked = checkTypes(typeAndMetadata, { apiVersion, kind: name, metadata }, reading);
  const read = kind.readContent?.(deepClone(rest)) ?? { value: rest, unknown: [], refused: undefined };
  const errors = [...checked.errors, ...(read.refused ? [{ ...read.refused, base: 'struct', stops: true }] : [])];
  return { errors, value: { ...read.value, ...checked.value }, unknown: [...checked.unknown, ...read.unknown] };
}

/** What every resource has: a kind that has nothing else. */
const typeAndMetadata: MessageSchema = (() => {
  const { name, byName } = schemas.message('core.v1.ConfigMap');
  const common = new Map([...byName].filter(([field]) => ['apiVersion', 'kind', 'metadata'].includes(field)));
  return { name, fields: [...common.values()], byName: common, byNumber: new Map() };
})();

/** Only then is it worth knowing in which order the fields would be decoded. */
function decisiveIn(kind: KindDefinition, content: object, errors: TypeProblem[], reading: Reading | undefined): TypeProblem {
  const ordered =
    reading?.decodes && !kind.readContent ? checkTypes(kind.schema, content, { ...reading, order: reading.decodes }).errors : errors;
  const decisive = reading?.decodes === 'schema' ? ordered[0] : decisiveProblem(ordered);
  if (!decisive) throw new Error(`the errors of ${kind.kind} depend on the order of its fields`);
  return decisive;
}

/** Parts of Berth send managedFields back as they came out of the cache, frozen: nothing in them needs a check or a copy. */
function withoutOwnManaged(body: object): { content: object; managed?: ManagedFieldsEntry[] } {
  const { metadata } = body as { metadata?: { managedFields?: ManagedFieldsEntry[] } };
  const managed = metadata?.managedFields;
  if (!Array.isArray(managed) || !Object.isFrozen(managed)) return { content: body };
  const { managedFields: _managed, ...rest } = metadata ?? {};
  return { content: { ...body, metadata: rest }, managed };
}

/** An owner that is named twice is kept once. @returns a warning about it */
function withoutRepeatedOwners({ metadata }: KubeObject, isPatched: boolean): string[] {
  const owners = metadata.ownerReferences ?? [];
  const kept = owners.filter((owner, i) => !owners.slice(0, i).some((other) => other.uid === owner.uid && deepEqual(other, owner)));
  if (kept.length === owners.length) return [];
  const repeated = owners.filter((owner) => !kept.includes(owner)).map(({ uid }) => uid);
  metadata.ownerReferences = kept;
  const when = isPatched ? ' after mutating admission happens' : '';
  return [
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${repeated.join(', ')}`,
  ];
}

/** Servers stopped writing it long ago; old manifests still carry it. */
function dropSelfLink(metadata: KubeObject['metadata'] & { selfLink?: unknown }): KubeObject['metadata'] {
  if (!('selfLink' in metadata)) return metadata;
  const { selfLink: _link, ...kept } = metadata;
  return kept;
}

/** As if they had not been sent, when one of them cannot be read: then the stored ones count. */
function withReadableManagers(metadata: KubeObject['metadata'] & { managedFields?: ManagedFieldsEntry[] }): KubeObject['metadata'] {
  if (metadata.managedFields?.every(({ fieldsV1 }) => fieldsV1 === undefined || isRecord(fieldsV1)) ?? true) return metadata;
  const { managedFields: _unreadable, ...kept } = metadata;
  return kept;
}

/** As Go's decoder finds out: is there such a kind, is it this one, in this version? @param refusedPatch how it is told of what a patch made */
function checkKind(kind: KindDefinition, body: object, refusedPatch?: (detail: string) => StatusError): void {
  const expected = apiVersionOf(kind);
  const { apiVersion, kind: name } = body as { apiVersion?: unknown; kind?: unknown };
  const givenVersion = apiVersion === undefined || apiVersion === '' ? expected : String(apiVersion);
  const givenKind = name === undefined || name === '' ? kind.kind : String(name);
  if (givenVersion === expected && givenKind === kind.kind) return;
  const version = givenVersion.slice(givenVersion.lastIndexOf('/') + 1);
  const refused = (detail: string) =>
    refusedPatch?.(detail) ??
    StatusError.badRequest(`${givenKind} in version ${JSON.stringify(version)} cannot be handled as a ${kind.kind}: ${detail}`);
  // Of what users define, Go has no types to convert between.
  if (isUserDefined(kind) && givenVersion !== expected) throw otherVersion(givenVersion, expected);
  if (!isRegistered(givenVersion, givenKind) || schemeOf(groupOf(givenVersion)) !== schemeOf(kind.group))
    throw refused(noSuchKind(givenKind, givenVersion));
  if (givenKind !== kind.kind)
    throw refused(`converting (${version}.${givenKind}) to (${packageOf(kind.group)}.${kind.kind}): unknown conversion`);
  throw otherVersion(givenVersion, expected);
}

function otherVersion(given: string, expected: string): StatusError {
  return StatusError.badRequest(`the API version in the data (${given}) does not match the expected API version (${expected})`);
}

function isRegistered(apiVersion: string, kind: string): boolean {
  const [group = '', version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  return schemas.names().includes(`${packageOf(group)}.${version}.${kind}`);
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

/** Definitions and API services are served by programs of their own within Kubernetes, which know each its own kinds alone. */
function schemeOf(group: string): string {
  return ['apiextensions.k8s.io', 'apiregistration.k8s.io'].includes(group) ? group : '';
}

/** Of Go's internal types: a group without its domain. */
function packageOf(group: string): string {
  return group === '' ? 'core' : (group.split('.')[0] ?? '');
}

/** Kubernetes names the file in which its types are registered. */
export function noSuchKind(kind: string, apiVersion: string): string {
  return `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`;
}

function cannotBeHandled(kind: KindDefinition, detail: string): StatusError {
  return StatusError.badRequest(`${kind.kind} in version ${JSON.stringify(kind.version)} cannot be handled as a ${kind.kind}: ${detail}`);
}

export function problem(error: FieldError): string {
  // Go's errors name the field themselves, or do not; what is invalid was found beyond them.
  return error.type !== 'Invalid' && /^(json:|parsing time|illegal base64|quantities must|boolean or JSON schema)/.test(error.detail)
    ? error.detail
    : `${error.field}: ${fieldMessage(error)}`;
}

/** A replacement says itself what it replaces; the URL alone is not enough. */
export function requireOwnName({ name }: Target, { metadata }: KubeObject): void {
  if (!metadata.name)
    throw StatusError.badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
}

/** @throws StatusError Invalid for a change of whatever is there, where the kind takes none */
export function requireVersion(kind: KindDefinition, { metadata }: KubeObject): void {
  if (!kind.strategy.requiresVersion || (metadata.resourceVersion && metadata.resourceVersion !== '0')) return;
  const error = { type: 'Invalid' as const, field: 'metadata.resourceVersion', value: 0, detail: 'must be specified for an update' };
  // Kubernetes names the resource in place of the kind here.
  throw StatusError.invalid({ group: kind.group, kind: kind.plural }, metadata.name, [error]);
}

/** The namespace and name that a request is about win; a body that says otherwise is refused, unless there are no namespaces here. */
export function matchTarget(target: Target, object: KubeObject): void {
  const { namespace, name } = target;
  const given = object.metadata;
  if (!target.kind.namespaced) delete given.namespace;
  else {
    if (given.namespace && given.namespace !== namespace) {
      throw StatusError.badRequest('the namespace of the provided object does not match the namespace sent on the request');
    }
    given.namespace = namespace;
  }
  if (name === undefined) return;
  if (given.name && given.name !== name) {
    throw StatusError.badRequest(`the name of the object (${given.name}) does not match the name on the URL (${name})`);
  }
  given.name = name;
}
