// For tests of this folder: an API held in memory that knows versions, conflicts, deletion and watches, but no admission;
// and a clock that moves when told to.
import type { Client, DeleteOptions, ListOptions, ObjectList, WatchEvent, WatchOptions } from '@berth/client';
import { groupResourceOf, type KindDefinition, type KubeObject, keyOf, type ObjectKey, StatusError } from '@berth/machinery';

interface Change {
  resource: string;
  event: WatchEvent<KubeObject>;
}

export class MemoryClient implements Client {
  readonly #objects = new Map<string, KubeObject>();
  readonly #watchers = new Set<(change: Change) => void>();
  #version = 100;
  /** Calls made, `verb resource name`. */
  readonly calls: string[] = [];
  /** Set to make writes fail. */
  failure: Error | undefined;
  /** Set to make writes of objects of a name fail. */
  failing: { name: string; error: Error } | undefined;

  async get<T extends KubeObject>(kind: KindDefinition<T>, key: ObjectKey): Promise<T> {
    return structuredClone(this.#find(kind, key)) as T;
  }

  async list<T extends KubeObject>(kind: KindDefinition<T>, _options?: ListOptions): Promise<ObjectList<T>> {
    const prefix = `${groupResourceOf(kind)}|`;
    const items = [...this.#objects].filter(([key]) => key.startsWith(prefix)).map(([, object]) => object as T);
    return { items, resourceVersion: String(this.#version) };
  }

  async *watch<T extends KubeObject>(kind: KindDefinition<T>, options: WatchOptions = {}): AsyncIterable<WatchEvent<T>> {
    const waiting: WatchEvent<T>[] = [];
    let wake = () => {};
    const watcher = ({ resource, event }: Change) => {
      if (resource === groupResourceOf(kind)) waiting.push(event as WatchEvent<T>);
      wake();
    };
    this.#watchers.add(watcher);
    options.signal?.addEventListener('abort', () => wake());
    while (!options.signal?.aborted) {
      for (let event = waiting.shift(); event; event = waiting.shift()) yield event;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    this.#watchers.delete(watcher);
  }

  async create<T extends KubeObject>(kind: KindDefinition<T>, object: NoInfer<T>): Promise<T> {
    this.#called('create', kind, object.metadata);
    if (this.#objects.has(keyIn(kind, object.metadata))) throw StatusError.alreadyExists(kind, object.metadata.name);
    return this.#store(kind, { ...object, metadata: { ...object.metadata, uid: `uid-${this.#version}` } }, 'ADDED');
  }

  async update<T extends KubeObject>(kind: KindDefinition<T>, object: NoInfer<T>): Promise<T> {
    this.#called('update', kind, object.metadata);
    const current = this.#checked(kind, object);
    const next = { ...object, metadata: { ...object.metadata, uid: current.metadata.uid } };
    if (current.metadata.deletionTimestamp && !next.metadata.finalizers?.length) return this.#remove(kind, next);
    return this.#store(kind, next, 'MODIFIED');
  }

  async updateStatus<T extends KubeObject>(kind: KindDefinition<T>, object: NoInfer<T>): Promise<T> {
    this.#called('updateStatus', kind, object.metadata);
    const { status } = object as T & { status?: unknown };
    return this.#store(kind, { ...this.#checked(kind, object), status } as unknown as T, 'MODIFIED');
  }

  async patch<T extends KubeObject>(): Promise<T> {
    throw new Error('the gateway does not patch');
  }

  async delete<T extends KubeObject>(kind: KindDefinition<T>, key: ObjectKey, options: DeleteOptions = {}): Promise<T> {
    this.#called('delete', kind, key);
    const current = this.#find(kind, key) as T;
    const { uid } = options.preconditions ?? {};
    if (uid && uid !== current.metadata.uid) throw StatusError.conflict(kind, key.name, 'the UID in the precondition does not match');
    const graceful = (options.gracePeriodSeconds ?? 30) > 0 && kind.kind === 'Pod';
    if (!graceful && !current.metadata.finalizers?.length) return this.#remove(kind, current);
    const metadata = { ...current.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
    return this.#store(kind, { ...current, metadata }, 'MODIFIED');
  }

  async createSubresource(): Promise<unknown> {
    throw new Error('the gateway creates no subresources');
  }

  #called(verb: string, kind: KindDefinition<never>, key: ObjectKey): void {
    this.calls.push(`${verb} ${kind.plural} ${key.name}`);
    if (this.failure) throw this.failure;
    if (this.failing?.name === key.name) throw this.failing.error;
  }

  #find<T extends KubeObject>(kind: KindDefinition<T>, key: ObjectKey): KubeObject {
    const found = this.#objects.get(keyIn(kind, key));
    if (!found) throw StatusError.notFound(kind, key.name);
    return found;
  }

  #checked<T extends KubeObject>(kind: KindDefinition<T>, object: T): T {
    const current = this.#find(kind, object.metadata) as T;
    const { resourceVersion } = object.metadata;
    if (resourceVersion && resourceVersion !== current.metadata.resourceVersion) {
      throw StatusError.conflict(kind, object.metadata.name, 'the object has been modified');
    }
    return current;
  }

  #store<T extends KubeObject>(kind: KindDefinition<T>, object: T, type: 'ADDED' | 'MODIFIED'): T {
    const stored = structuredClone({ ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } });
    this.#objects.set(keyIn(kind, stored.metadata), stored);
    this.#tell({ resource: groupResourceOf(kind), event: { type, object: stored } });
    return structuredClone(stored);
  }

  #remove<T extends KubeObject>(kind: KindDefinition<T>, object: T): T {
    this.#objects.delete(keyIn(kind, object.metadata));
    const gone = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } };
    this.#tell({ resource: groupResourceOf(kind), event: { type: 'DELETED', object: gone } });
    return gone;
  }

  #tell(change: Change): void {
    for (const watcher of this.#watchers) watcher(change);
  }
}

function keyIn<T extends KubeObject>(kind: KindDefinition<T>, key: ObjectKey): string {
  return `${groupResourceOf(kind)}|${keyOf({ metadata: { name: key.name, ...(key.namespace && { namespace: key.namespace }) } })}`;
}
