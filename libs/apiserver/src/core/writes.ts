// CREATE, UPDATE and PATCH of objects and of their status. All of them end in one decision on the newest state, then a commit that
// fails if that state is no longer the newest.
import { deepClone, isReason, type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import type { Random } from '@berth/telemetry';
import { matchTarget, readBody, requireOwnName, requireVersion } from './body.ts';
import type { Committed, Committer } from './commit.ts';
import { anew } from './fresh-copies.ts';
import { servedKind } from './kind-versions.ts';
import { generatedName, isVersion, requireUid } from './metadata.ts';
import { answer } from './object-answer.ts';
import { type PatchKind, readPatched } from './patches.ts';
import type { Answer, Call, Target, WriteSettings } from './types.ts';
import type { Deciding, Scope, WriteDecisions } from './write-decisions.ts';

const generatedNameAttemptsMax = 8;

export interface Change {
  object: KubeObject;
  warnings: string[];
  /** Whether its uid is what a patch made of the object's, and not the one that must be there. */
  isPatched?: true;
}

/** How an object came to be made. */
type Making = Pick<Deciding, 'isNameGenerated' | 'isUpsert'>;

export interface WritesOptions {
  committer: Committer;
  decisions: WriteDecisions;
  random: Random;
}

export class Writes {
  readonly #options: WritesOptions;

  constructor(options: WritesOptions) {
    this.#options = options;
  }

  /** @param isUpsert whether it would have replaced what was there */
  async create(target: Call, body: unknown, settings: WriteSettings = {}, isUpsert = false): Promise<Answer> {
    const { kind } = target;
    const { object: given, warnings } = readBody(kind, body, settings);
    matchTarget(target, given);
    const fresh = anew(given, () => readAgain(target, body));
    const { name, generateName } = given.metadata;
    if (!name && !generateName) {
      // Validation names everything that is wrong, the name among it.
      await this.#options.decisions.create(target, fresh(), '', { known: new Map(), settings });
      throw StatusError.invalid(kind, '', [{ type: 'Required', field: 'metadata.name', detail: 'name or generateName is required' }]);
    }
    const committed = name
      ? await this.#createNamed(target, fresh, name, settings, { isUpsert })
      : await this.#createGenerated(target, fresh, generateName ?? '', settings);
    return answer(committed.entry, 201, [...warnings, ...kind.warnings(committed.entry.object), ...committed.warnings]);
  }

  async #createGenerated(target: Call, fresh: () => KubeObject, base: string, settings: WriteSettings): Promise<Committed> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#createNamed(target, fresh, generatedName(base, this.#options.random), settings, { isNameGenerated: true });
      } catch (error) {
        if (!isReason(error, 'AlreadyExists') || attempt === generatedNameAttemptsMax) throw error;
      }
    }
  }

  #createNamed(target: Call, fresh: () => KubeObject, name: string, settings: WriteSettings, made: Making): Promise<Committed> {
    return this.#options.committer.mutate({ ...target, name }, settings.dryRun ?? false, async (current, known) => {
      const object = fresh();
      const { resourceVersion } = object.metadata;
      // As in Kubernetes: whatever else is wrong with it is found first.
      const decision = await this.#options.decisions.create(target, object, name, { known, settings, ...made });
      if (current) throw alreadyThere(target, name, current.object);
      // Kubernetes' store says so, which a dry run does not come to: there the object stays as it was sent.
      if (settings.dryRun) return { ...decision, shownVersion: resourceVersion };
      if (isVersion(resourceVersion)) throw StatusError.badRequest('resourceVersion should not be set on objects to be created');
      return decision;
    });
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
      if (!isReason(error, 'NotFound')) throw error;
    }
    await authorizeCreate();
    delete object.metadata.resourceVersion;
    return this.create(target, object, settings, true);
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
      return this.#options.decisions.update(target, scope, change.object, current, { known, settings });
    });
    return answer(committed.entry, 200, [...warnings, ...kindWarnings(kind, scope, committed.entry.object, old), ...committed.warnings]);
  }
}

/** A body that was found to be good, of which everything has been said. */
/** As Kubernetes says it, which looks at what is there. */
function alreadyThere(target: Call, name: string, { metadata }: KubeObject): StatusError {
  const error = StatusError.alreadyExists(servedKind(target), name);
  if (!metadata.deletionTimestamp) return error;
  const { code = 409, reason = 'AlreadyExists', message, details } = error.status;
  return new StatusError(code, reason, `object is being deleted: ${message}`, details);
}

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
