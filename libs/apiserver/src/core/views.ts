// Kinds that are another version of a stored one (autoscaling/v1 of autoscaling/v2, events.k8s.io/v1 of v1): what clients send
// is read as their version and written as the stored one; what is stored is shown as theirs. A request ends in the same
// decision, whichever version it came in.
import { type KindDefinition, type KubeObject, storedKind } from '@berth/machinery';
import { matchTarget, type ReadBody, readBody, requireOwnName } from './body.ts';
import { asServed, asStored } from './kind-versions.ts';
import { freezeDeep, toBytes } from './object-codec.ts';
import { readPatched } from './patches.ts';
import type { StoredObjects } from './stored-objects.ts';
import type { Answer, Call, Encoded, ListAnswer, Target, WatchHandle, WatchItem, WriteSettings } from './types.ts';
import { bookmarkIn, watchItem } from './watch-events.ts';
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

function storedTarget<T extends Target>(target: T): T {
  return { ...target, kind: storedKind(target.kind), through: target.kind };
}

function shownAnswer(kind: KindDefinition, answer: Answer): Answer {
  const { code, warnings } = answer;
  const { object, bytes } = new Shown(kind, answer);
  return { code, warnings, object, bytes };
}

function shownList(kind: KindDefinition, list: ListAnswer): ListAnswer {
  return { ...list, entries: list.entries.map((entry) => new Shown(kind, entry)) };
}

function shownWatch(kind: KindDefinition, handle: WatchHandle): WatchHandle {
  const shown = (item: WatchItem) => (item.type === 'BOOKMARK' ? bookmarkIn(kind, item) : watchItem(item.type, new Shown(kind, item)));
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

/** Another version of what is stored, `call.kind`; `stored` answers for the kind that it is a view of. */
export function shownObjects(stored: StoredObjects, writes: Pick<Writes, 'change'>): StoredObjects {
  return {
    get: async (call, settings) => shownAnswer(call.kind, await stored.get(call, settings)),
    list: async (call, settings) => shownList(call.kind, await stored.list(call, settings)),
    watch: async (call, settings) => shownWatch(call.kind, await stored.watch(call, settings)),
    create: async (call, body, settings) => {
      const { object, warnings } = readStored(call.kind, body, settings);
      return shownWith(call, warnings, await stored.create(storedTarget(call), object, withoutDuplicates(settings)));
    },
    update: async (call, body, settings, authorizeCreate) => {
      const { object, warnings } = readStored(call.kind, body, settings);
      return shownWith(call, warnings, await stored.update(storedTarget(call), object, withoutDuplicates(settings), authorizeCreate));
    },
    patch: async (call, type, patch, settings) => {
      const { kind } = call;
      const answer = await writes.change(storedTarget(call), scopeOf(call), withoutDuplicates(settings), (old) => {
        const { object, warnings } = readPatched(kind, type, asServed(kind, old), patch, settings);
        requireOwnName(call, object);
        matchTarget(call, object);
        kind.defaults(object);
        return { object: asStored(kind, object), warnings, isPatched: true };
      });
      return shownAnswer(kind, answer);
    },
    apply: async (call, configuration, settings, authorizeCreate) =>
      shownAnswer(call.kind, await stored.apply(storedTarget(call), configuration, settings, authorizeCreate)),
    delete: async (call, settings) => {
      const deleted = await stored.delete(storedTarget(call), settings);
      return { ...shownAnswer(call.kind, deleted), removed: deleted.removed };
    },
    deleteCollection: async (call, selectors, settings) =>
      shownList(call.kind, await stored.deleteCollection(storedTarget(call), selectors, settings)),
  };
}

function readStored(kind: KindDefinition, body: unknown, settings: WriteSettings): ReadBody {
  const { object, warnings } = readBody(kind, body, settings);
  kind.defaults(object);
  return { object: asStored(kind, object), warnings };
}

/** Duplicates have been named already. */
function withoutDuplicates(settings: WriteSettings): WriteSettings {
  return { ...settings, duplicates: [] };
}

function shownWith({ kind }: Call, warnings: string[], answer: Answer): Answer {
  const { code, object, bytes } = shownAnswer(kind, answer);
  return { code, object, bytes, warnings: [...warnings, ...answer.warnings] };
}
