// CREATE, UPDATE and PATCH of objects and of their status. All of them end in one decision on the newest state: defaults,
// admission, validation, then a commit that fails if that state is no longer the newest.
import {
  deepClone,
  dropDisabledFields,
  isReason,
  type KindDefinition,
  type KubeObject,
  type PartialUpdate,
  StatusError,
} from '@berth/machinery';
import { type Clock, type Random, timestamp } from '@berth/telemetry';
import type { Admission, AdmissionRequest } from './admission/admission.ts';
import { matchTarget, readBody, requireOwnName, requireVersion } from './body.ts';
import type { Committed, Committer, Decision, Known } from './commit.ts';
import { isUnchanged, trackFields, trackStatusFields } from './field-ownership.ts';
import { anew } from './fresh-copies.ts';
import { defaultForWrite, type KindVersions, servedKind } from './kind-versions.ts';
import { carryMetadata, generatedName, isFinished, isVersion, nextGeneration, requireUid, type Shaped, stampNew } from './metadata.ts';
import { answer } from './object-answer.ts';
import type { Entry } from './object-codec.ts';
import { type PatchKind, readPatched } from './patches.ts';
import { keepStatus, validateStatusMetadata, withStatus } from './status-writes.ts';
import type { Answer, Call, Target, WriteSettings } from './types.ts';

const generatedNameAttemptsMax = 8;

/** Which part of an object an update may change. */
export type Scope =
  | 'spec'
  | 'status'
  /** The server's own changes: nothing is carried over or validated again. */
  | 'internal';

export interface Change {
  object: KubeObject;
  warnings: string[];
  /** Whether its uid is what a patch made of the object's, and not the one that must be there. */
  isPatched?: true;
}

export interface WritesOptions {
  committer: Committer;
  admission: Admission;
  clock: Clock;
  random: Random;
  versions: KindVersions;
}

export class Writes {
  readonly #options: WritesOptions;

  constructor(options: WritesOptions) {
    this.#options = options;
  }

  async create(target: Call, body: unknown, settings: WriteSettings = {}): Promise<Answer> {
    const { kind } = target;
    const { object: given, warnings } = readBody(kind, body, settings);
    matchTarget(target, given);
    const fresh = anew(given, () => readAgain(target, body));
    const { name, generateName } = given.metadata;
    if (!name && !generateName) {
      // Validation names everything that is wrong, the name among it.
      await this.decideCreate(target, fresh(), '', new Map(), settings);
      throw StatusError.invalid(kind, '', [{ type: 'Required', field: 'metadata.name', detail: 'name or generateName is required' }]);
    }
    const committed = name
      ? await this.#createNamed(target, fresh, name, settings)
      : await this.#createGenerated(target, fresh, generateName ?? '', settings);
    return answer(committed.entry, 201, [...warnings, ...kind.warnings(committed.entry.object), ...committed.warnings]);
  }

  async #createGenerated(target: Call, fresh: () => KubeObject, base: string, settings: WriteSettings): Promise<Committed> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#createNamed(target, fresh, generatedName(base, this.#options.random), settings);
      } catch (error) {
        if (!isReason(error, 'AlreadyExists') || attempt === generatedNameAttemptsMax) throw error;
      }
    }
  }

  #createNamed(target: Call, fresh: () => KubeObject, name: string, settings: WriteSettings): Promise<Committed> {
    return this.#options.committer.mutate({ ...target, name }, settings.dryRun ?? false, async (current, known) => {
      if (current) throw StatusError.alreadyExists(servedKind(target), name);
      const object = fresh();
      const { resourceVersion } = object.metadata;
      const decision = await this.decideCreate(target, object, name, known, settings);
      // Kubernetes' store says so, which a dry run does not come to: there the object stays as it was sent.
      if (settings.dryRun) return { ...decision, shownVersion: resourceVersion };
      if (isVersion(resourceVersion)) throw StatusError.badRequest('resourceVersion should not be set on objects to be created');
      return decision;
    });
  }

  /**
   * @param object is changed
   * @param settings undefined when the object says already who owns what
   */
  async decideCreate(target: Call, object: Shaped, name: string, known: Known, settings?: WriteSettings): Promise<Decision> {
    const { kind, namespace } = target;
    if (kind.strategy.refusesCreate) throw StatusError.methodNotAllowed(kind.strategy.refusesCreate);
    object.metadata.name = name;
    stampNew(kind, object, this.#options.clock, this.#options.random);
    if (kind.subresources.status && !kind.strategy.writesStatus) delete object.status;
    defaultForWrite(target, object);
    // What the server adds from here on belongs to nobody.
    if (settings) await trackFields(target, undefined, object, settings, this.#options);
    dropDisabledFields(kind.disabledFields, object);
    kind.strategy.prepareForCreate?.(object);
    const request: AdmissionRequest = {
      operation: 'CREATE',
      user: target.user,
      audit: target.audit,
      kind,
      namespace,
      name,
      object,
      old: undefined,
      known,
      guards: [],
      writes: [],
      warnings: [],
    };
    await this.#options.admission.mutate(request);
    defaultForWrite(target, object);
    await this.#options.admission.allocate(request);
    const errors = [...kind.validate(object), ...(target.through?.view?.validate?.(object) ?? [])];
    if (errors.length > 0) throw StatusError.invalid(kind, name, errors);
    if (target.through) kind.defaults(object);
    await this.#options.admission.validate(request);
    await this.#options.admission.reserve(request);
    const { guards, writes, warnings, turn } = request;
    return { type: 'put', object, guards, writes, warnings, turn };
  }

  /**
   * PUT on the object or its status.
   * @param authorizeCreate throws unless the caller may create what does not exist, for kinds that a PUT may create
   */
  async update(target: Call, body: unknown, settings: WriteSettings, authorizeCreate: () => Promise<void>): Promise<Answer> {
    const { kind } = target;
    const { object, warnings } = readBody(kind, body, settings);
    requireOwnName(target, object);
    matchTarget(target, object);
    if (target.subresource !== 'status' && kind.strategy.allowCreateOnUpdate && !object.metadata.uid) {
      return this.#updateOrCreate(target, object, warnings, settings, authorizeCreate);
    }
    const fresh = anew(object, () => readAgain(target, body));
    return this.change(target, scopeOf(target), settings, () => ({ object: fresh(), warnings }));
  }

  async #updateOrCreate(
    target: Call,
    object: KubeObject,
    warnings: string[],
    settings: WriteSettings,
    authorizeCreate: () => Promise<void>,
  ): Promise<Answer> {
    try {
      return await this.change(target, 'spec', settings, () => {
        requireVersion(target.kind, object);
        return { object: deepClone(object), warnings };
      });
    } catch (error) {
      if (!isReason(error, 'NotFound') || object.metadata.resourceVersion) throw error;
    }
    await authorizeCreate();
    return this.create(target, object, settings);
  }

  /** PATCH on the object or its status; applied again to the newest state when another write came in between. */
  patch(target: Call, type: PatchKind, patch: unknown, settings: WriteSettings = {}): Promise<Answer> {
    const { kind } = target;
    return this.change(target, scopeOf(target), settings, (old) => {
      const read = readPatched(kind, type, old, patch, settings);
      requireOwnName(target, read.object);
      matchTarget(target, read.object);
      return { ...read, isPatched: true };
    });
  }

  /** Replaces what `scope` allows by what `compute` makes of the newest state. @throws NotFound */
  async change(target: Call, scope: Scope, settings: WriteSettings, compute: (old: KubeObject) => Change): Promise<Answer> {
    const { kind, name = '' } = target;
    let warnings: string[] = [];
    let old: KubeObject | undefined;
    const committed = await this.#options.committer.mutate(target, settings.dryRun ?? false, async (current, known) => {
      if (!current) throw StatusError.notFound(servedKind(target), name);
      old = current.object;
      const change = compute(current.object);
      warnings = change.warnings;
      if (!change.isPatched) requireUid(kind, change.object, old, settings.dryRun);
      return this.decideUpdate(target, scope, change.object, current, known, settings);
    });
    return answer(committed.entry, 200, [...warnings, ...kindWarnings(kind, scope, committed.entry.object, old), ...committed.warnings]);
  }

  /** @param settings undefined when `given` says already who owns what */
  async decideUpdate(target: Call, scope: Scope, given: Shaped, current: Entry, known: Known, settings?: WriteSettings): Promise<Decision> {
    const { kind, namespace, name = '', subresource, user } = target;
    const old: Shaped = current.object;
    const next = scope === 'status' ? withStatus(kind, old, given, timestamp(this.#options.clock)) : given;
    const refused = carryMetadata(kind, next, old);
    const request: AdmissionRequest = {
      operation: 'UPDATE',
      user,
      audit: target.audit,
      kind,
      namespace,
      name,
      subresource,
      object: next,
      old,
      known,
      guards: [],
      writes: [],
      warnings: [],
    };
    if (scope === 'spec') await this.#prepareUpdate(request, next, old, target, settings);
    if (scope === 'status') {
      await this.#options.admission.checkStatus(request);
      defaultForWrite(target, next);
      dropDisabledFields(kind.disabledFields, next, old);
      if (settings) await trackStatusFields(target, old, next, settings, this.#options);
      await this.#options.admission.mutate(request);
    }
    const errors = [...refused, ...validateChange(request, scope, next, old), ...(target.through?.view?.validate?.(next, old) ?? [])];
    if (errors.length > 0) throw StatusError.invalid(kind, name, errors);
    if (target.through) kind.defaults(next);
    if (scope !== 'internal') await this.#options.admission.validate(request);
    if (scope === 'spec') await this.#options.admission.reserve(request);
    const { guards, writes, warnings, turn } = request;
    if (isFinished(next)) return { type: 'remove', object: next, writes: this.#options.admission.release(kind, old), warnings };
    if (isUnchanged(next, old)) return { type: 'keep', entry: current, warnings };
    return { type: 'put', object: next, guards, writes, warnings, turn };
  }

  async #prepareUpdate(
    request: AdmissionRequest,
    next: Shaped,
    old: Shaped,
    target: Call,
    settings: WriteSettings | undefined,
  ): Promise<void> {
    const { kind } = request;
    const partial = partialUpdate(request);
    if (kind.subresources.status && kind.strategy.writesStatus !== 'always' && !partial?.changesStatus) keepStatus(next, old);
    partial?.prepare(next, old, timestamp(this.#options.clock));
    defaultForWrite(target, next);
    // Who sends a change owns it, also where the strategy then keeps what was there.
    if (settings) await trackFields(target, old, next, settings, this.#options);
    dropDisabledFields(kind.disabledFields, next, old);
    if (!partial) kind.strategy.prepareForUpdate?.(next, old);
    await this.#options.admission.mutate(request);
    defaultForWrite(target, next);
    await this.#options.admission.allocate(request);
    nextGeneration(kind, next, old);
  }
}

/** A body that was found to be good, of which everything has been said. */
function readAgain(target: Target, body: unknown): KubeObject {
  const { object } = readBody(target.kind, body, { fieldValidation: 'Ignore' });
  matchTarget(target, object);
  return object;
}

/** What the kind itself warns of. */
export function kindWarnings(kind: KindDefinition, scope: Scope, object: KubeObject, old: KubeObject | undefined): string[] {
  if (scope === 'status') return kind.statusWarnings(object);
  return scope === 'spec' ? kind.warnings(object, old) : [];
}

export function scopeOf(target: Target): Scope {
  return target.subresource === 'status' ? 'status' : 'spec';
}

function validateChange(request: AdmissionRequest, scope: Scope, next: Shaped, old: Shaped) {
  const { kind } = request;
  if (scope === 'internal') return [];
  if (scope === 'status') return [...validateStatusMetadata(next, old), ...kind.validateStatusUpdate(next, old)];
  return [...kind.validate(next, old), ...(partialUpdate(request)?.validate(next, old) ?? kind.validateUpdate(next, old))];
}

function partialUpdate({ kind, subresource }: Pick<AdmissionRequest, 'kind' | 'subresource'>): PartialUpdate<KubeObject> | undefined {
  return subresource === undefined ? undefined : kind.strategy.partialUpdates?.[subresource];
}

export { answer };
