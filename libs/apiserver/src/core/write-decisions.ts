// What becomes of a write, decided on the newest state, in Kubernetes' order: defaults and owners, what admission changes, what the kind's
// own strategy makes of it, validation, what admission refuses, and at last what is claimed from others.
import {
  deepClone,
  dropDisabledFields,
  type FieldError,
  type KindDefinition,
  type KubeObject,
  lacksKeys,
  type PartialUpdate,
  StatusError,
  setManagedFields,
} from '@berth/machinery';
import { type Clock, type Random, timestamp } from '@berth/telemetry';
import type { Admission, AdmissionRequest } from './admission/admission.ts';
import { writeOptions } from './admission/request-options.ts';
import type { Decision, Known } from './commit.ts';
import { isUnchanged, trackFields, trackStatusFields } from './field-ownership.ts';
import { become } from './fresh-copies.ts';
import { defaultForWrite, type KindVersions } from './kind-versions.ts';
import { carryMetadata, isFinished, nextGeneration, type Shaped, stampNew, wipeNew } from './metadata.ts';
import type { Entry } from './object-codec.ts';
import { keepStatus, validateStatusMetadata, withStatus } from './status-writes.ts';
import type { Call, WriteSettings } from './types.ts';

/** Which part of an object an update may change. */
export type Scope =
  | 'spec'
  | 'status'
  /** The server's own changes: nothing is carried over or validated again. */
  | 'internal';

export interface WriteDecisionsOptions {
  admission: Admission;
  clock: Clock;
  random: Random;
  versions: KindVersions;
}

/** How a decision is to be made. */
export interface Deciding {
  known: Known;
  settings: WriteSettings;
  /** Whether the object says already who owns what. */
  isTracked?: boolean;
  /** Whether the object's name was made up by this server. */
  isNameGenerated?: boolean;
  /** Whether the object is made by what would have changed it, had it been there. */
  isUpsert?: boolean;
}

export class WriteDecisions {
  readonly #options: WriteDecisionsOptions;

  constructor(options: WriteDecisionsOptions) {
    this.#options = options;
  }

  /** @param object is changed */
  async create(target: Call, object: Shaped, name: string, deciding: Deciding): Promise<Decision> {
    const { kind } = target;
    const { admission, clock, random } = this.#options;
    const { settings, isTracked, isNameGenerated, isUpsert } = deciding;
    if (kind.strategy.refusesCreate) throw StatusError.methodNotAllowed(kind.strategy.refusesCreate);
    object.metadata.name = name;
    wipeNew(object, isUpsert);
    const isTrackable = !lacksKeys(kind.schema, object);
    defaultForWrite(target, object);
    // What the server adds from here on belongs to nobody.
    if (!isTracked) await this.#track(isTrackable, target, undefined, object, settings);
    const request = this.#request(target, name, object, undefined, deciding);
    if (isNameGenerated) request.isNameGenerated = true;
    request.refusedName = isNameGenerated ? object.metadata.generateName : name || 'Unknown';
    await admission.mutate(request);
    request.refusedName = name;
    object.metadata.name = name;
    stampNew(kind, object, clock, random);
    this.#withoutStatus(kind, object);
    dropDisabledFields(kind.disabledFields, object);
    kind.strategy.prepareForCreate?.(object, timestamp(clock));
    defaultForWrite(target, object);
    await this.#allocate(request);
    const errors = errorsThrough(target, [...kind.validate(object), ...(await admission.fieldErrors(request))], object);
    if (errors.length > 0) throw StatusError.invalid(kind, name, errors);
    if (target.through) kind.defaults(object);
    await admission.validate(request);
    return this.#concluded(request, ({ object: made, guards, writes, warnings, lockKey }) => {
      return { type: 'put', object: made, guards, writes, warnings, lockKey };
    });
  }

  /** @param isTrackable whether it can be told who owns what of the object as it was sent, with what is not kept of it */
  async #track(isTrackable: boolean, target: Call, old: KubeObject | undefined, next: KubeObject, settings: WriteSettings): Promise<void> {
    if (isTrackable) await trackFields(target, old, next, settings, this.#options);
    else setManagedFields(next, []);
  }

  #withoutStatus({ subresources, strategy }: KindDefinition, object: Shaped): void {
    if (subresources.status && !strategy.writesStatus) delete object.status;
  }

  #request(target: Call, name: string, object: KubeObject, old: KubeObject | undefined, { known, settings }: Deciding): AdmissionRequest {
    const { kind, through, namespace, subresource, user, audit, signal, isAdmitted } = target;
    return {
      operation: old ? 'UPDATE' : 'CREATE',
      user,
      audit,
      signal,
      kind,
      through,
      namespace,
      name,
      subresource,
      object,
      old,
      known,
      dryRun: settings.dryRun,
      get options() {
        return writeOptions(!old, settings);
      },
      isAdmitted,
      guards: [],
      writes: [],
      warnings: [],
    };
  }

  /** @param given is changed */
  async update(target: Call, scope: Scope, given: Shaped, current: Entry, deciding: Deciding): Promise<Decision> {
    const { kind, name = '' } = target;
    const { admission, clock } = this.#options;
    const old: Shaped = current.object;
    const next = scope === 'status' ? withStatus(kind, old, given, timestamp(clock)) : given;
    const refused = carryMetadata(kind, next, old);
    const request = this.#request(target, name, next, old, deciding);
    if (scope === 'spec') refused.push(...(await this.#prepareUpdate(request, next, old, target, deciding)));
    if (scope === 'status') refused.push(...(await this.#prepareStatus(request, next, old, target, deciding)));
    const found = [...refused, ...validateChange(request, scope, next, old)];
    if (scope !== 'internal') found.push(...(await admission.fieldErrors(request)));
    const errors = errorsThrough(target, found, next, old);
    if (errors.length > 0) throw StatusError.invalid(kind, name, errors);
    if (target.through) kind.defaults(next);
    if (scope !== 'internal') await admission.validate(request);
    const conclude = ({ object, guards, writes, warnings, lockKey }: AdmissionRequest): Decision => {
      if (isFinished(object)) return { type: 'remove', object, writes: admission.release(kind, old), warnings };
      if (isUnchanged(object, old)) return { type: 'keep', entry: current, warnings };
      return { type: 'put', object, guards, writes, warnings, lockKey };
    };
    return scope === 'spec' ? this.#concluded(request, conclude) : conclude(request);
  }

  /** @returns what others made of its metadata and may not */
  async #prepareUpdate(request: AdmissionRequest, next: Shaped, old: Shaped, target: Call, deciding: Deciding): Promise<FieldError[]> {
    const { kind } = request;
    const { admission, clock } = this.#options;
    const partial = partialUpdate(request);
    const keepsStatus = kind.subresources.status && kind.strategy.writesStatus !== 'always' && !partial?.changesStatus;
    const keep = () => {
      if (keepsStatus) keepStatus(next, old);
      partial?.prepare(next, old, timestamp(clock));
    };
    const isTrackable = !keepsStatus || !lacksKeys(kind.schema, next);
    if (!target.through) keep();
    defaultForWrite(target, next);
    // Who sends a change owns it, also where the strategy then keeps what was there.
    if (!deciding.isTracked) await this.#track(isTrackable, target, old, next, deciding.settings);
    if (target.through) keep();
    await admission.mutate(request);
    const refused = admission.isIdle ? [] : carryMetadata(kind, next, old);
    if (!admission.isIdle) keep();
    if (kind.strategy.countsDisabledFields) nextGeneration(kind, next, old);
    dropDisabledFields(kind.disabledFields, next, old);
    if (!partial) kind.strategy.prepareForUpdate?.(next, old);
    defaultForWrite(target, next);
    await this.#allocate(request);
    if (!kind.strategy.countsDisabledFields) nextGeneration(kind, next, old);
    return refused;
  }

  async #prepareStatus(request: AdmissionRequest, next: Shaped, old: Shaped, target: Call, deciding: Deciding): Promise<FieldError[]> {
    const { kind } = request;
    const { admission, clock } = this.#options;
    await admission.checkStatus(request);
    defaultForWrite(target, next);
    if (!deciding.isTracked) await trackStatusFields(target, old, next, deciding.settings, this.#options);
    await admission.mutate(request);
    const isIdle = admission.isIdle;
    // What others changed elsewhere is no part of a status.
    if (!isIdle) become(next, withStatus(kind, old, { ...next }, timestamp(clock)));
    dropDisabledFields(kind.disabledFields, next, old);
    return isIdle ? [] : carryMetadata(kind, next, old);
  }

  async #allocate(request: AdmissionRequest): Promise<void> {
    const before = request.guards.length;
    await this.#options.admission.allocate(request);
    if (request.guards.length > before) request.isAllocated = true;
  }

  /**
   * What is claimed from others is claimed anew when that failed, with the object as it was decided on: others are asked about it once,
   * and never while requests wait for a lock.
   */
  async #concluded(request: AdmissionRequest, conclude: (request: AdmissionRequest) => Decision): Promise<Decision> {
    const { admission } = this.#options;
    const { object, guards, writes } = request;
    const again = admission.isIdle ? undefined : { ...request, object: deepClone(object), guards: [...guards], writes: [...writes] };
    await admission.reserve(request);
    const decision = conclude(request);
    if (again && decision.type === 'put') {
      decision.again = () => this.#concluded(again, conclude);
      decision.isAllocated = request.isAllocated;
    }
    return decision;
  }
}

function validateChange(request: AdmissionRequest, scope: Scope, next: Shaped, old: Shaped): FieldError[] {
  const { kind } = request;
  if (scope === 'internal') return [];
  if (scope === 'status') return [...validateStatusMetadata(kind, next, old), ...kind.validateStatusUpdate(next, old)];
  return [...kind.validate(next, old), ...(partialUpdate(request)?.validate(next, old) ?? kind.validateUpdate(next, old))];
}

function partialUpdate({ kind, subresource }: Pick<AdmissionRequest, 'kind' | 'subresource'>): PartialUpdate<KubeObject> | undefined {
  return subresource === undefined ? undefined : kind.strategy.partialUpdates?.[subresource];
}

/** With what the version that is written through has against it, which goes first, and by the names that it has for fields. */
function errorsThrough({ through }: Call, errors: FieldError[], next: KubeObject, old?: KubeObject): FieldError[] {
  const view = through?.view;
  if (!view) return errors;
  const named = view.errorField ? errors.map((error) => ({ ...error, field: view.errorField?.(error.field) ?? error.field })) : errors;
  const own = view.validate?.(next, old) ?? [];
  return [...named.filter(({ field }) => own.every((error) => error.field !== field)), ...own];
}
