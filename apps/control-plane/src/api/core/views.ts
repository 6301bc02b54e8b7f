// Kinds that are another version of a stored one (autoscaling/v1 of autoscaling/v2, events.k8s.io/v1 of v1): what clients send
// is read as their version and written as the stored one; what is stored is shown as theirs. A request ends in the same
// decision, whichever version it came in.
import { type KindDefinition, type KubeObject, storedKind } from '@berth/machinery';
import type { Applies } from './apply.ts';
import { matchTarget, readBody, requireOwnName } from './body.ts';
import { asServed, asStored } from './kind-versions.ts';
import { freezeDeep, toBytes } from './object-codec.ts';
import { type PatchKind, readPatched } from './patches.ts';
import type { Answer, Call, Encoded, ListAnswer, Target, WatchHandle, WatchItem, WriteSettings } from './types.ts';
import { watchItem } from './watch-events.ts';
import { scopeOf, type Writes } from './writes.ts';

/** A stored object as a view shows it; converted once, when somebody looks. */
class Shown implements Encoded {
  readonly #kind: KindDefinition;
  readonly #stored: Encoded;
  #object: KubeObject | undefined;
  #bytes: Uint8Array | undefined;

  constructor(kind: KindDefinition, stored: Encoded) {
    this.#kind = kind;
    this.#stored = stored;
  }

  get object(): KubeObject {
    this.#object ??= freezeDeep(asServed(this.#kind, this.#stored.object));
    return this.#object;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= toBytes(this.object);
    return this.#bytes;
  }
}

export function storedTarget<T extends Target>(target: T): T {
  return target.kind.view ? { ...target, kind: storedKind(target.kind), through: target.kind } : target;
}

export function shownAnswer(kind: KindDefinition, answer: Answer): Answer {
  if (!kind.view) return answer;
  const { code, warnings } = answer;
  const { object, bytes } = new Shown(kind, answer);
  return { code, warnings, object, bytes };
}

export function shownList(kind: KindDefinition, list: ListAnswer): ListAnswer {
  return kind.view ? { ...list, entries: list.entries.map((entry) => new Shown(kind, entry)) } : list;
}

export function shownWatch(kind: KindDefinition, handle: WatchHandle): WatchHandle {
  if (!kind.view) return handle;
  const shown = (item: WatchItem) => watchItem(item.type, new Shown(kind, item));
  return {
    take: () => {
      const item = handle.take();
      return item && shown(item);
    },
    ready: () => handle.ready(),
    get ended() {
      return handle.ended;
    },
    close: () => handle.close(),
    async *[Symbol.asyncIterator](): AsyncIterator<WatchItem> {
      for await (const item of handle) yield shown(item);
    },
  };
}

/** Writes whose body is in a view's version; `call.kind` is the view. */
export class ViewWrites {
  readonly #writes: Writes;
  readonly #applies: Applies;

  constructor(writes: Writes, applies: Applies) {
    this.#writes = writes;
    this.#applies = applies;
  }

  async create(call: Call, body: unknown, settings: WriteSettings): Promise<Answer> {
    const { stored, warnings } = readStored(call.kind, body, settings);
    return shownWith(call, warnings, await this.#writes.create(storedTarget(call), stored, withoutDuplicates(settings)));
  }

  async update(call: Call, body: unknown, settings: WriteSettings, authorizeCreate: () => Promise<void>): Promise<Answer> {
    const { stored, warnings } = readStored(call.kind, body, settings);
    return shownWith(call, warnings, await this.#writes.update(storedTarget(call), stored, withoutDuplicates(settings), authorizeCreate));
  }

  async patch(call: Call, type: PatchKind, patch: unknown, settings: WriteSettings): Promise<Answer> {
    const { kind } = call;
    const answer = await this.#writes.change(storedTarget(call), scopeOf(call), withoutDuplicates(settings), (old) => {
      const { object, warnings } = readPatched(kind, type, asServed(kind, old), patch, settings);
      requireOwnName(call, object);
      matchTarget(call, object);
      kind.defaults(object);
      return { object: asStored(kind, object), warnings, isPatched: true };
    });
    return shownAnswer(kind, answer);
  }

  async apply(call: Call, body: unknown, settings: WriteSettings, authorizeCreate: () => Promise<void>): Promise<Answer> {
    return shownAnswer(call.kind, await this.#applies.apply(storedTarget(call), body, settings, authorizeCreate));
  }
}

function readStored(kind: KindDefinition, body: unknown, settings: WriteSettings): { stored: KubeObject; warnings: string[] } {
  const { object, warnings } = readBody(kind, body, settings);
  kind.defaults(object);
  return { stored: asStored(kind, object), warnings };
}

/** Duplicates have been named already. */
function withoutDuplicates(settings: WriteSettings): WriteSettings {
  return { ...settings, duplicates: [] };
}

function shownWith({ kind }: Call, warnings: string[], answer: Answer): Answer {
  const { code, object, bytes } = shownAnswer(kind, answer);
  return { code, object, bytes, warnings: [...warnings, ...answer.warnings] };
}
