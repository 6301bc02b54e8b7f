// Server-side apply: a PATCH that says all its author wants of an object, which is created when it does not exist. What the
// author wanted before and does not name any more goes; what others own is refused, unless forced.
import {
  type ApplyRequest,
  apiVersionOf,
  applyConfigurationAs,
  type FieldSet,
  fieldsHeldAs,
  goJsonName,
  isRecord,
  type KindDefinition,
  type KubeObject,
  managedFieldsOf,
  parseExact,
  StatusError,
} from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import { matchTarget, type ReadBody, readBody } from './body.ts';
import type { Committer } from './commit.ts';
import { authorOf } from './field-ownership.ts';
import { asServed, asStored, type KindVersions, servedKind } from './kind-versions.ts';
import type { Shaped } from './metadata.ts';
import { answer } from './object-answer.ts';
import { withinStatus } from './status-writes.ts';
import { appliedThroughScale, scaleAnswer } from './subresources/wanted-scale.ts';
import type { Answer, Call, Target, WriteSettings } from './types.ts';
import type { Scope, WriteDecisions } from './write-decisions.ts';
import { kindWarnings } from './writes.ts';

/** kubectl's own manager may take over what its client-side apply set, and keeps that one's annotation true. */
const kubectlManager = 'kubectl';
const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

export interface AppliesOptions {
  decisions: WriteDecisions;
  committer: Committer;
  clock: Clock;
  versions: KindVersions;
}

export class Applies {
  readonly #options: AppliesOptions;

  constructor(options: AppliesOptions) {
    this.#options = options;
  }

  /** @param authorizeCreate throws unless the caller may create what does not exist */
  async apply(target: Call, body: unknown, settings: WriteSettings, authorizeCreate: () => Promise<void>): Promise<Answer> {
    const { kind, name = '' } = target;
    const { decisions, committer } = this.#options;
    const { applied, warnings } = readConfiguration(target, body, settings);
    const scope: Scope = target.subresource === 'status' ? 'status' : 'spec';
    let old: KubeObject | undefined;
    const committed = await committer.mutate(target, settings.dryRun ?? false, async (current, known) => {
      old = current?.object;
      const deciding = { known, settings, isTracked: true };
      if (current)
        return decisions.update(target, scope, await this.#applied(target, current.object, applied, settings), current, deciding);
      refuseCreation(target, applied);
      await authorizeCreate();
      const made = await this.#applied(target, undefined, applied, settings);
      return decisions.create(target, made, name, { ...deciding, isUpsert: true });
    });
    const { entry } = committed;
    warnings.push(...kindWarnings(kind, scope, entry.object, old), ...committed.warnings);
    if (target.subresource === 'scale') return scaleAnswer(kind, entry.object, warnings);
    return answer(entry, old ? 200 : 201, warnings);
  }

  async #applied(target: Target, live: KubeObject | undefined, applied: KubeObject, settings: WriteSettings): Promise<KubeObject> {
    const author = authorOf(target, settings, this.#options.clock);
    const isKubectl = author.manager === kubectlManager;
    const kind = servedKind(target);
    const shown = live && asServed(kind, live);
    const { strategy, subresources } = target.kind;
    const reset = target.subresource
      ? []
      : [...(strategy.resets ?? []), ...(subresources.status && strategy.writesStatus !== 'always' ? ['status'] : [])];
    const request: ApplyRequest = { message: kind.schema, live: shown, applied, author, force: settings.force ?? false, reset };
    const { versions } = this.#options;
    const forms = versions.of(target);
    const transferable = isKubectl && shown ? heldByClientSideApply(kind, shown) : undefined;
    const configuring = applyConfigurationAs({ ...request, ...(forms && { forms }), ...(transferable && { transferable }) });
    const configured = await versions.converted(target, configuring);
    const result = readBody(kind, configured, {}).object;
    const { annotations } = result.metadata;
    if (isKubectl && live && annotations?.[lastAppliedAnnotation]) annotations[lastAppliedAnnotation] = lastApplied(applied);
    if (!target.through) return result;
    kind.defaults(result);
    return asStored(kind, result);
  }
}

function readConfiguration(target: Target, body: unknown, settings: WriteSettings): { applied: KubeObject; warnings: string[] } {
  const kind = servedKind(target);
  if (target.subresource === 'scale') return { applied: appliedThroughScale(target, body), warnings: [] };
  requireType(kind, body);
  const { object, warnings } = kind.readContent
    ? readDeclared(target, kind, body, settings)
    : readBody(kind, body, settings, { asApplied: true });
  if (managedFieldsOf(object)) throw StatusError.badRequest('metadata.managedFields must be nil');
  matchTarget(target, object);
  return { applied: withinScope(target, object), warnings };
}

/** @throws StatusError BadRequest for another kind or version than the one that is applied to, or none */
function requireType(kind: KindDefinition, body: unknown): void {
  if (body !== null && !isRecord(body)) {
    const detail = `json: cannot unmarshal ${goJsonName(body)} into Go value of type map[string]interface {}`;
    throw StatusError.badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${detail}`);
  }
  const { apiVersion, kind: name } = body ?? {};
  if (apiVersion === apiVersionOf(kind) && name === kind.kind) return;
  const parts = typeof apiVersion === 'string' ? apiVersion.split('/') : [];
  const version = parts.length === 1 ? `/${parts[0]}` : parts.length === 2 ? parts.join('/') : '/';
  const type = parts.length > 2 || typeof name !== 'string' ? '' : name;
  throw StatusError.badRequest(`invalid object type: ${version}, Kind=${type}`);
}

/** Of kinds that users define, what an apply is about must be declared, whatever it asks to be done with unknown fields. */
function readDeclared({ namespace = '', name = '' }: Target, kind: KindDefinition, body: unknown, settings: WriteSettings): ReadBody {
  const duplicates = settings.fieldValidation === 'Strict' ? settings.duplicates : [];
  const refusedFields = (problems: string[]) => {
    const unknown = problems.map((problem) => /^unknown field "(.*)"$/.exec(problem)?.[1]);
    if (unknown.includes(undefined)) return StatusError.badRequest(`strict decoding error: ${problems.join(', ')}`);
    const told = unknown.map((path) => `.${path}: field not declared in schema`);
    const errors = told.length > 1 ? `errors:\n${told.map((line) => `  ${line}`).join('\n')}` : (told[0] ?? '');
    const what = `${namespace}/${name}; ${apiVersionOf(kind)}, Kind=${kind.kind}`;
    return new StatusError(500, '', `failed to create typed patch object (${what}): ${errors}`);
  };
  return readBody(kind, body, { ...settings, fieldValidation: 'Strict', duplicates: duplicates ?? [] }, { asApplied: true, refusedFields });
}

/** A status is applied through its subresource, and changes nothing elsewhere; through one that changes a part, that part. */
function withinScope(target: Target, object: Shaped): KubeObject {
  const { subresource } = target;
  const partial = subresource && target.kind.strategy.partialUpdates?.[subresource];
  if (subresource === 'status') return withinStatus(target.kind, object);
  if (!partial) {
    return object;
  }
  const { apiVersion, kind, metadata } = object;
  const { name, namespace, uid, resourceVersion } = metadata;
  const identity = { name, ...(namespace && { namespace }), ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
  return { apiVersion, kind, ...partial.applied(object), metadata: partial.changesMetadata ? metadata : identity };
}

/** Neither a subresource nor a certain version can be created. */
function refuseCreation(target: Target, applied: KubeObject): void {
  const { name = '', subresource } = target;
  const kind = servedKind(target);
  if (subresource) throw StatusError.notFound(kind, name);
  const { uid, resourceVersion } = applied.metadata;
  if (uid)
    throw StatusError.conflict(kind, name, `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`);
  if (resourceVersion) throw StatusError.notFound(kind, name);
}

/** What the annotation of client-side apply says and the object still has. */
function heldByClientSideApply(kind: KindDefinition, live: KubeObject): FieldSet | undefined {
  const text = live.metadata.annotations?.[lastAppliedAnnotation];
  if (!text) return undefined;
  let configuration: unknown;
  try {
    configuration = parseExact(text);
  } catch (error) {
    // The annotation is anybody's to write; broken, it allows nothing.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return isRecord(configuration) ? fieldsHeldAs(kind.schema, live, configuration as unknown as KubeObject) : undefined;
}

/** As client-side apply writes it: the configuration without the annotation itself. */
function lastApplied(applied: KubeObject): string {
  const { [lastAppliedAnnotation]: _own, ...annotations } = applied.metadata.annotations ?? {};
  return `${JSON.stringify({ ...applied, metadata: { ...applied.metadata, annotations } })}\n`;
}
