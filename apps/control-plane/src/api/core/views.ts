// Kinds that are another version of a stored one (autoscaling/v1 of autoscaling/v2, events.k8s.io/v1 of v1): what clients send
// is read as their version and written as the stored one; what is stored is shown as theirs. A request ends in the same
// decision, whichever version it came in.
import { type KindDefinition, type KindView, type KubeObject, storedKind } from '@berth/machinery';
import type { Applies } from './apply.ts';
import { matchTarget, readBody } from './body.ts';
import { freezeDeep, toBytes } from './object-codec.ts';
import { type PatchKind, readPatched } from './patches.ts';
import type { Answer, Call, Encoded, ListAnswer, Target, WatchHandle, WatchItem, WriteSettings } from './types.ts';
import { watchItem } from './watch-events.ts';
import { scopeOf, type Writes } from './writes.ts';

/** A stored object as a view shows it; converted once, when somebody looks. */
class Shown implements Encoded {
  readonly #view: KindView;
  readonly #stored: Encoded;
  #object: KubeObject | undefined;
  #bytes: Uint8Array | undefined;

  constructor(view: KindView, stored: Encoded) {
    this.#view = view;
    this.#stored = stored;
  }

  get object(): KubeObject {
    this.#object ??= freezeDeep(this.#view.fromStored(this.#stored.object));
    return this.#object;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= toBytes(this.object);
    return this.#bytes;
  }
}

export function storedTarget<T extends Target>(target: T): T {
  return target.kind.view ? { ...target, kind: storedKind(target.kind) } : target;
}

export function shownAnswer({ view }: KindDefinition, answer: Answer): Answer {
  if (!view) return answer;
  const { code, warnings } = answer;
  const { object, bytes } = new Shown(view, answer);
  return { code, warnings, object, bytes };
}

export function shownList({ view }: KindDefinition, list: ListAnswer): ListAnswer {
  return view ? { ...list, entries: list.entries.map((entry) => new Shown(view, entry)) } : list;
}

export function shownWatch({ view }: KindDefinition, handle: WatchHandle): WatchHandle {
  if (!view) return handle;
  const shown = (item: WatchItem) => watchItem(item.type, new Shown(view, item));
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

  async create(call: Call, view: KindView, body: unknown, settings: WriteSettings): Promise<Answer> {
    const { object, warnings } = readBody(call.kind, body, settings);
    return shownWith(call, warnings, await this.#writes.create(storedTarget(call), view.toStored(object), asStored(view, settings)));
  }

  async update(call: Call, view: KindView, body: unknown, settings: WriteSettings, authorizeCreate: () => Promise<void>): Promise<Answer> {
    const { object, warnings } = readBody(call.kind, body, settings);
    const stored = view.toStored(object);
    return shownWith(call, warnings, await this.#writes.update(storedTarget(call), stored, asStored(view, settings), authorizeCreate));
  }

  async patch(call: Call, view: KindView, type: PatchKind, patch: unknown, settings: WriteSettings): Promise<Answer> {
    const target = storedTarget(call);
    const answer = await this.#writes.change(target, scopeOf(call), asStored(view, settings), (old) => {
      const read = readPatched(call.kind, type, view.fromStored(old), patch, settings);
      matchTarget(call, read.object);
      return { object: view.toStored(read.object), warnings: read.warnings };
    });
    return shownAnswer(call.kind, answer);
  }

  async apply(call: Call, view: KindView, body: unknown, settings: WriteSettings, authorizeCreate: () => Promise<void>): Promise<Answer> {
    const { object, warnings } = readBody(call.kind, body, settings, { keepsEmpty: true });
    const stored = view.toStored(object);
    return shownWith(call, warnings, await this.#applies.apply(storedTarget(call), stored, asStored(view, settings), authorizeCreate));
  }
}

/** Duplicates have been told of already. */
function asStored({ validate }: KindView, settings: WriteSettings): WriteSettings {
  return { ...settings, duplicates: [], ...(validate && { refuses: validate }) };
}

function shownWith({ kind }: Call, warnings: string[], answer: Answer): Answer {
  const { code, object, bytes } = shownAnswer(kind, answer);
  return { code, object, bytes, warnings: [...warnings, ...answer.warnings] };
}
