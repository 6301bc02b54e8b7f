// DELETE: at once, after a grace period, or after finalizers. What waits keeps a deletionTimestamp; what is gone gives back
// what it had reserved in the same transaction.
import { isTerminal } from '@berth/api';
import { deepClone, deepEqual, type FieldError, type KindDefinition, type KubeObject, StatusError, type Strategy } from '@berth/machinery';
import { type Clock, timestamp } from '@berth/telemetry';
import type { Admission } from './admission/admission.ts';
import { deleteOptions } from './admission/request-options.ts';
import type { Committer, Decision } from './commit.ts';
import { servedKind } from './kind-versions.ts';
import { hasGeneration, holdsNamespace, isFinished, type Shaped } from './metadata.ts';
import type { Entry } from './object-codec.ts';
import type { Call, DeleteAnswer, DeleteSettings } from './types.ts';

export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';

/** Go's longest duration, 292 years. */
const graceSecondsMax = 9_223_372_036;

export const deleteOptionsKind = { group: 'meta.k8s.io', kind: 'DeleteOptions' };

/** Objects of a collection that are deleted at the same time. */
const deleteConcurrency = 16;

export interface DeletionOptions {
  committer: Committer;
  admission: Admission;
  clock: Clock;
}

export class Deletion {
  readonly #options: DeletionOptions;

  constructor(options: DeletionOptions) {
    this.#options = options;
  }

  async delete(target: Call, settings: DeleteSettings = {}): Promise<DeleteAnswer> {
    const { kind, name = '', user } = target;
    checkSettings(settings);
    const warnings: string[] = [];
    const { entry, type } = await this.#options.committer.mutate(target, settings.dryRun ?? false, (current) => {
      if (!current) throw StatusError.notFound(servedKind(target), name);
      checkPreconditions(kind, current.object, settings);
      this.#options.admission.checkDelete(kind, current.object, user);
      const asked = target.isAdmitted ? undefined : this.#admit(target, current, settings, warnings);
      return asked ? asked.then(() => this.#decide(kind, current, settings)) : this.#decide(kind, current, settings);
    });
    return { code: 200, warnings, removed: type === 'remove', bytes: entry.bytes, object: entry.object };
  }

  /** A few at a time; returns what was warned of. Gone is what was wanted; another object of the same name is not what was found. */
  async deleteAll(target: Call, found: KubeObject[], settings: DeleteSettings): Promise<string[]> {
    checkSettings(settings);
    const waiting = found.map(({ metadata }) => metadata);
    const warnings = new Set<string>();
    const work = async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        const one = { ...target, namespace: next.namespace, name: next.name };
        const { preconditions } = settings;
        const mayBeAnother = preconditions === undefined;
        const ofThis = { ...settings, preconditions: { uid: next.uid, ...preconditions }, isOfCollection: true };
        const answer = await this.delete(one, ofThis).catch(ignoreGone(mayBeAnother));
        for (const warning of answer?.warnings ?? []) warnings.add(warning);
      }
    };
    await Promise.all(Array.from({ length: Math.min(deleteConcurrency, waiting.length) }, work));
    return [...warnings];
  }

  /** Undefined when nobody is to be asked. */
  #admit(target: Call, { object }: Entry, settings: DeleteSettings, warnings: string[]): Promise<void> | undefined {
    const { kind, through, user, audit, signal, namespace, name = '' } = target;
    return this.#options.admission.admit(() => {
      warnings.length = 0;
      const { dryRun } = settings;
      const options = deleteOptions(settings);
      return { operation: 'DELETE', user, audit, signal, kind, through, namespace, name, old: object, options, dryRun, warnings };
    });
  }

  #decide(kind: KindDefinition, current: Entry, settings: DeleteSettings): Decision {
    const old: Shaped = current.object;
    const next: Shaped = deepClone(old);
    if (old.metadata.deletionTimestamp) deleteAgain(kind, next, settings);
    else this.#begin(kind, next, settings);
    if (isFinished(next)) {
      // What is gone at once is shown as it was; only kinds with a grace period are marked first.
      const object = kind.strategy.gracePeriodSeconds || old.metadata.deletionTimestamp ? next : old;
      return { type: 'remove', object, writes: this.#options.admission.release(kind, old) };
    }
    if (deepEqual(next, old)) return { type: 'keep', entry: current };
    return { type: 'put', object: next };
  }

  #begin(kind: KindDefinition, next: Shaped, settings: DeleteSettings): void {
    const { clock } = this.#options;
    const graceSeconds = gracePeriodSeconds(kind, next, settings.gracePeriodSeconds);
    const { metadata } = next;
    metadata.deletionTimestamp = timestamp({ now: () => clock.now() + durationMs(graceSeconds) });
    const marksDeletion = marking(kind, settings);
    if (marksDeletion !== 'alone') setDependentsFinalizer(kind, next, settings);
    kind.strategy.prepareForDelete?.(next, timestamp(clock));
    if (!marksDeletion) endAfter(kind, metadata, graceSeconds);
  }
}

/** Of a whole collection, each is deleted as objects are of which no kind knows better. */
function marking({ strategy }: KindDefinition, { isOfCollection }: DeleteSettings): Strategy<KubeObject>['marksDeletion'] {
  return isOfCollection ? undefined : strategy.marksDeletion;
}

function endAfter(kind: KindDefinition, metadata: KubeObject['metadata'], graceSeconds: number): void {
  metadata.deletionGracePeriodSeconds = graceSeconds;
  if (hasGeneration(kind)) metadata.generation = (metadata.generation ?? 0) + 1;
}

/** What is being deleted already, of which options say what becomes of dependents. */
function deleteAgain(kind: KindDefinition, next: Shaped, settings: DeleteSettings): void {
  const { metadata } = next;
  // Its content goes first, whatever is asked meanwhile.
  if (holdsNamespace(next)) return;
  setDependentsFinalizer(kind, next, settings);
  // Who made it may have said otherwise, and nothing would end that.
  if (!kind.strategy.gracePeriodSeconds && metadata.deletionGracePeriodSeconds) metadata.deletionGracePeriodSeconds = 0;
  const isMarked = metadata.deletionGracePeriodSeconds === undefined;
  if (isMarked && metadata.finalizers) endAfter(kind, metadata, 0);
  else shorten(next, settings.gracePeriodSeconds);
}

/** What is being deleted already can only go sooner. */
function shorten(next: KubeObject, requestedSeconds: number | undefined): void {
  const { metadata } = next;
  const before = metadata.deletionGracePeriodSeconds ?? 0;
  if (requestedSeconds === undefined || before === 0) return;
  const graceSeconds = atLeastOne(requestedSeconds);
  if (graceSeconds >= before) return;
  const deadline = Date.parse(metadata.deletionTimestamp ?? '') - durationMs(before) + durationMs(graceSeconds);
  metadata.deletionTimestamp = timestamp({ now: () => deadline });
  metadata.deletionGracePeriodSeconds = graceSeconds;
}

function gracePeriodSeconds(kind: KindDefinition, object: Shaped, requestedSeconds: number | undefined): number {
  const usual = kind.strategy.gracePeriodSeconds?.(object);
  if (usual === undefined || hasNothingToStop(kind, object)) return 0;
  return atLeastOne(requestedSeconds ?? usual);
}

/** Seconds may be any number of 64 bits; a time beyond them is none that can be written. */
function durationMs(seconds: number): number {
  return Math.min(Number(seconds), graceSecondsMax) * 1000;
}

/** A negative period means as little as possible without force. */
function atLeastOne(seconds: number): number {
  return seconds < 0 ? 1 : seconds;
}

/** A pod that no node runs, or that ran to its end, leaves without waiting for an agent. */
function hasNothingToStop(kind: KindDefinition, object: Shaped): boolean {
  if (kind.group !== '' || kind.kind !== 'Pod') return false;
  const { nodeName } = object.spec as { nodeName?: string };
  const phase = (object.status as { phase?: string } | undefined)?.phase;
  return !nodeName || isTerminal(phase);
}

/** The garbage collector sees by finalizer what is to become of dependents; Background needs none. */
function setDependentsFinalizer(kind: KindDefinition, next: KubeObject, settings: DeleteSettings): void {
  if (kind.strategy.hasNoDependents) return;
  const policy = settings.propagationPolicy ?? legacyPolicy(settings.orphanDependents) ?? policyUnlessAsked(next, settings);
  if (!policy) return;
  const wanted = { Foreground: foregroundFinalizer, Orphan: orphanFinalizer, Background: undefined }[policy];
  const others = (next.metadata.finalizers ?? []).filter((finalizer) => finalizer !== foregroundFinalizer && finalizer !== orphanFinalizer);
  const finalizers = wanted ? [...others, wanted] : others;
  if (finalizers.length > 0) next.metadata.finalizers = finalizers;
  else delete next.metadata.finalizers;
}

function policyUnlessAsked({ metadata }: KubeObject, { orphansUnlessAsked }: DeleteSettings): DeleteSettings['propagationPolicy'] {
  const isSaid = metadata.finalizers?.some((finalizer) => finalizer === foregroundFinalizer || finalizer === orphanFinalizer);
  return orphansUnlessAsked && !isSaid ? 'Orphan' : undefined;
}

function legacyPolicy(orphanDependents: boolean | undefined): DeleteSettings['propagationPolicy'] {
  if (orphanDependents === undefined) return undefined;
  return orphanDependents ? 'Orphan' : 'Background';
}

const policies = ['Foreground', 'Background', 'Orphan'];

function checkSettings({ propagationPolicy, orphanDependents }: DeleteSettings): void {
  const errors: FieldError[] = [];
  const field = 'propagationPolicy';
  if (propagationPolicy !== undefined && orphanDependents !== undefined) {
    const detail = 'orphanDependents and deletionPropagation cannot be both set';
    errors.push({ type: 'Invalid', field, value: propagationPolicy, detail });
  }
  if (propagationPolicy !== undefined && !policies.includes(propagationPolicy)) {
    const detail = `supported values: ${[...policies, 'nil'].map((policy) => JSON.stringify(policy)).join(', ')}`;
    errors.push({ type: 'NotSupported', field, value: propagationPolicy, detail });
  }
  if (errors.length > 0) throw StatusError.invalid(deleteOptionsKind, '', errors);
}

/** Kubernetes names the kind in place of the resource here. */
function asResource({ group, kind }: KindDefinition): { group: string; plural: string } {
  return { group, plural: kind };
}

/** @throws StatusError Conflict */
export function checkPreconditions(kind: KindDefinition, object: KubeObject, settings: DeleteSettings): void {
  const { preconditions = {} } = settings;
  const { uid, resourceVersion } = preconditions;
  const { metadata } = object;
  if (marking(kind, settings)) {
    checkMarkable(kind, object, preconditions);
    return;
  }
  if (uid !== undefined && uid !== metadata.uid) {
    const detail = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`;
    throw StatusError.conflict(asResource(kind), metadata.name, detail);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const detail = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`;
    throw StatusError.conflict(asResource(kind), metadata.name, detail);
  }
}

/** Kinds that are only marked compare before their store does, in words of their own. */
function checkMarkable(kind: KindDefinition, { metadata }: KubeObject, wanted: { uid?: string; resourceVersion?: string }): void {
  for (const [name, field] of [
    ['UID', 'uid'],
    ['ResourceVersion', 'resourceVersion'],
  ] as const) {
    if (wanted[field] === undefined || wanted[field] === metadata[field]) continue;
    const detail = `Precondition failed: ${name} in precondition: ${wanted[field]}, ${name} in object meta: ${metadata[field]}`;
    throw StatusError.conflict(kind, metadata.name, detail);
  }
}

/** @param mayBeAnother whether a conflict can only mean that another object has the name by now */
function ignoreGone(mayBeAnother: boolean): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof StatusError && (error.reason === 'NotFound' || (mayBeAnother && error.reason === 'Conflict'))) return undefined;
    throw error;
  };
}
