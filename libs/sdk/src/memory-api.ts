// An API in memory, for tests of controllers on simulated time: versions, conflicts, generations, finalizers, watches and the garbage
// collection of what is owned, with the defaults and the validation of Kubernetes' own kinds. It applies as a merge patch would, and
// knows neither admission nor rights.
import type { Client, DeleteOptions, ListOptions, ObjectList, PatchType, WatchEvent, WatchOptions, WriteOptions } from '@berth/client';
import {
  apiVersionOf,
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMergePatch,
  deepClone,
  deepEqual,
  groupResourceOf,
  type KindDefinition,
  type KubeObject,
  keyOf,
  type ObjectKey,
  parseLabelSelector,
  StatusError,
} from '@berth/machinery';
import { type Clock, timestamp } from '@berth/telemetry';
import { Watchers } from './memory-watches.ts';

type WithParts = KubeObject & { spec?: unknown; status?: unknown };

interface Stored {
  kind: KindDefinition;
  object: WithParts;
}

export class MemoryApi implements Client {
  readonly #clock: Clock;
  readonly #objects = new Map<string, Stored>();
  readonly #watchers = new Watchers();
  #revision = 0;
  #uids = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async get<T extends KubeObject>(kind: KindDefinition<T>, key: ObjectKey): Promise<T> {
    return deepClone(this.#stored(kind, key).object) as unknown as T;
  }

  async list<T extends KubeObject>(kind: KindDefinition<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const found = [...this.#objects.values()].filter(
      (stored) => resourceOf(stored.kind) === resourceOf(kind) && isListed(stored.object, options),
    );
    return { items: found.map(({ object }) => deepClone(object) as unknown as T), resourceVersion: String(this.#revision) };
  }

  async *watch<T extends KubeObject>(kind: KindDefinition<T>, options: WatchOptions = {}): AsyncGenerator<WatchEvent<T>> {
    const after = options.resourceVersion === undefined ? 0 : Number(options.resourceVersion);
    for await (const { type, object, resource } of this.#watchers.follow(after, options.signal)) {
      if (resource === resourceOf(kind) && isListed(object, options)) yield { type, object: deepClone(object) as unknown as T };
    }
  }

  async create<T extends KubeObject>(kind: KindDefinition<T>, object: NoInfer<T>): Promise<T> {
    return this.#create(definitionOf(kind), deepClone(object) as WithParts) as unknown as T;
  }

  async update<T extends KubeObject>(kind: KindDefinition<T>, object: NoInfer<T>, options: { subresource?: string } = {}): Promise<T> {
    return this.#replace(this.#stored(kind, object.metadata), deepClone(object) as WithParts, options.subresource) as unknown as T;
  }

  async updateStatus<T extends KubeObject>(kind: KindDefinition<T>, object: NoInfer<T>): Promise<T> {
    return this.update(kind, object, { subresource: 'status' });
  }

  async patch<T extends KubeObject>(
    kind: KindDefinition<T>,
    key: ObjectKey,
    type: PatchType,
    patch: unknown,
    options: WriteOptions & { subresource?: string } = {},
  ): Promise<T> {
    if (type === 'apply' && !this.#objects.has(placeOf(kind, key)) && !options.subresource) return this.create(kind, patch as T);
    const stored = this.#stored(kind, key);
    const next = patched(stored, type, deepClone(patch)) as WithParts;
    return this.#replace(stored, next, options.subresource) as unknown as T;
  }

  async delete<T extends KubeObject>(kind: KindDefinition<T>, key: ObjectKey, { preconditions }: DeleteOptions = {}): Promise<T> {
    const stored = this.#stored(kind, key);
    const { metadata } = stored.object;
    if (preconditions?.uid !== undefined && preconditions.uid !== metadata.uid) {
      throw StatusError.conflict(
        kind,
        key.name,
        `Precondition failed: UID in precondition: ${preconditions.uid}, UID in object meta: ${metadata.uid}`,
      );
    }
    if (!metadata.finalizers?.length) return this.#remove(stored) as unknown as T;
    const marked = { ...metadata, deletionTimestamp: metadata.deletionTimestamp ?? timestamp(this.#clock) };
    return this.#write('MODIFIED', stored.kind, { ...stored.object, metadata: marked }) as unknown as T;
  }

  createSubresource(): Promise<unknown> {
    return Promise.reject(StatusError.methodNotAllowed('the API of tests has no subresources but status'));
  }

  #stored<T extends KubeObject>(kind: KindDefinition<T>, key: ObjectKey): Stored {
    const stored = this.#objects.get(placeOf(kind, key));
    if (!stored) throw StatusError.notFound(kind, key.name);
    return stored;
  }

  #create(kind: KindDefinition, object: WithParts): KubeObject {
    const { metadata } = object;
    if (!metadata.name && metadata.generateName) metadata.name = `${metadata.generateName}${(++this.#uids).toString(36).padStart(5, '0')}`;
    if (this.#objects.has(placeOf(kind, metadata))) throw StatusError.alreadyExists(kind, metadata.name);
    if (kind.subresources.status) delete object.status;
    Object.assign(metadata, { uid: `uid-${++this.#uids}`, creationTimestamp: timestamp(this.#clock), generation: 1 });
    return this.#write('ADDED', kind, checked(kind, object));
  }

  #replace({ kind, object: old }: Stored, next: WithParts, subresource: string | undefined): KubeObject {
    const { name, resourceVersion } = next.metadata;
    if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) {
      throw StatusError.conflict(kind, name, 'the object has been modified; please apply your changes to the latest version and try again');
    }
    const { uid, creationTimestamp, generation = 1, deletionTimestamp } = old.metadata;
    const isStatus = subresource === 'status';
    const object = isStatus ? { ...old, status: next.status } : { ...next, ...(kind.subresources.status && { status: old.status }) };
    object.metadata = {
      ...(isStatus ? old : next).metadata,
      uid,
      creationTimestamp,
      generation,
      resourceVersion: old.metadata.resourceVersion,
    };
    if (deletionTimestamp) object.metadata.deletionTimestamp = deletionTimestamp;
    if (!isStatus) checked(kind, object);
    if (deepEqual(withoutUndefined(object), withoutUndefined(old))) return deepClone(old);
    if (!deepEqual(object.spec, old.spec)) object.metadata.generation = generation + 1;
    if (deletionTimestamp && !object.metadata.finalizers?.length) return this.#remove({ kind, object });
    return this.#write('MODIFIED', kind, object);
  }

  #remove({ kind, object }: Stored): KubeObject {
    this.#objects.delete(placeOf(kind, object.metadata));
    const gone = this.#noted('DELETED', kind, object);
    const dependents = [...this.#objects.values()].filter(({ object: { metadata } }) =>
      metadata.ownerReferences?.some(({ uid, controller }) => controller && uid === object.metadata.uid),
    );
    for (const dependent of dependents) this.#remove(dependent);
    return gone;
  }

  #write(type: 'ADDED' | 'MODIFIED', kind: KindDefinition, object: WithParts): KubeObject {
    const written = this.#noted(type, kind, object);
    this.#objects.set(placeOf(kind, written.metadata), { kind, object: written });
    return deepClone(written);
  }

  #noted(type: 'ADDED' | 'MODIFIED' | 'DELETED', kind: KindDefinition, object: WithParts): KubeObject {
    const noted = withoutUndefined({ ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#revision) } });
    this.#watchers.happened({ type, object: noted, resource: resourceOf(kind), revision: this.#revision });
    return noted;
  }
}

function checked(kind: KindDefinition, object: WithParts): WithParts {
  kind.defaults(object);
  const errors = kind.validate(object);
  if (errors.length > 0) throw StatusError.invalid(kind, object.metadata.name, errors);
  return object;
}

function patched({ kind, object }: Stored, type: PatchType, patch: unknown): unknown {
  const { resourceVersion: _any, ...metadata } = object.metadata;
  const target = { ...deepClone(object), metadata };
  if (type === 'json') return applyJsonPatch(target, patch);
  if (type === 'strategic') return applyStrategicMergePatch(kind.schema, target, patch);
  return applyMergePatch(target, patch);
}

function isListed({ metadata }: KubeObject, { namespace, labelSelector }: ListOptions): boolean {
  if (namespace && metadata.namespace !== namespace) return false;
  return !labelSelector || parseLabelSelector(labelSelector).matches(metadata.labels);
}

function definitionOf<T extends KubeObject>(kind: KindDefinition<T>): KindDefinition {
  return kind as unknown as KindDefinition;
}

function resourceOf(kind: { group: string; version: string; plural: string }): string {
  return `${groupResourceOf(kind)}/${apiVersionOf(kind)}`;
}

function placeOf<T extends KubeObject>(kind: KindDefinition<T>, { namespace, name }: ObjectKey): string {
  return `${resourceOf(kind)} ${keyOf({ metadata: kind.namespaced && namespace !== undefined ? { namespace, name } : { name } })}`;
}

/** As it comes over the wire. */
function withoutUndefined<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
