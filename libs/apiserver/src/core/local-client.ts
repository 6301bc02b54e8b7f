// The Client for everything in the same process: the checks of a request over HTTP without the encoding. What it returns is
// shared with the watch cache and frozen.
import type { Client, DeleteOptions, ListOptions, ObjectList, PatchType, WatchEvent, WatchOptions, WriteOptions } from '@berth/client';
import type { KindDefinition, KubeObject, ObjectKey } from '@berth/machinery';
import { managerOf } from './component-users.ts';
import { erased, type KindsByName } from './kinds-by-name.ts';
import type { OtherServer } from './other-servers.ts';
import type { PatchKind } from './patches.ts';
import type { Connection } from './resource.ts';
import type {
  Answer,
  Call,
  DeleteAnswer,
  DeleteSettings,
  Encoded,
  ListAnswer,
  ListSettings,
  User,
  WatchHandle,
  WatchItem,
  WatchSettings,
  WriteSettings,
} from './types.ts';

/** What it asks: the API server, which makes it. */
export interface LocalServer {
  readonly kinds: KindsByName;
  otherFor(group: string, version: string): OtherServer | undefined;
  get(call: Call): Promise<Answer>;
  list(call: Call, settings: ListSettings): Promise<ListAnswer>;
  watch(call: Call, settings: WatchSettings): Promise<WatchHandle>;
  create(call: Call, body: unknown, settings?: WriteSettings): Promise<Answer>;
  update(call: Call, body: unknown, settings: WriteSettings): Promise<Answer>;
  patch(call: Call, type: PatchKind | 'apply', patch: unknown, settings: WriteSettings): Promise<Answer>;
  delete(call: Call, settings: DeleteSettings): Promise<DeleteAnswer>;
  connect(call: Call, verb: string, options: KubeObject): Promise<Connection>;
}

export class LocalClient implements Client {
  readonly #server: LocalServer;
  readonly #user: User;

  constructor(server: LocalServer, user: User) {
    this.#server = server;
    this.#user = user;
  }

  async get<T extends KubeObject>(kind: KindDefinition<T>, key: ObjectKey): Promise<T> {
    return objectOf<T>(await this.#server.get(this.#call(kind, key)));
  }

  async list<T extends KubeObject>(kind: KindDefinition<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const { namespace, ...settings } = options;
    const { entries, ...rest } = await this.#server.list(this.#call(kind, { namespace }), settings);
    return { items: entries.map((entry) => objectOf<T>(entry)), ...rest };
  }

  async *watch<T extends KubeObject>(kind: KindDefinition<T>, options: WatchOptions = {}): AsyncGenerator<WatchEvent<T>> {
    const { namespace, signal, resourceVersion, ...selectors } = options;
    if (signal?.aborted) return;
    const fromStart = resourceVersion === undefined;
    const handle = await this.#server.watch(
      { ...this.#call(kind, { namespace }), signal },
      {
        ...selectors,
        resourceVersion,
        allowWatchBookmarks: true,
        ...(fromStart && { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }),
      },
    );
    for await (const item of handle) yield eventOf<T>(item);
  }

  async create<T extends KubeObject>(kind: KindDefinition<T>, object: NoInfer<T>, options: WriteOptions = {}): Promise<T> {
    const call = this.#call(kind, { namespace: object.metadata.namespace });
    return objectOf<T>(await this.#server.create(call, object, this.#settings(options)));
  }

  async update<T extends KubeObject>(
    kind: KindDefinition<T>,
    object: NoInfer<T>,
    options: WriteOptions & { subresource?: string } = {},
  ): Promise<T> {
    const { subresource, ...settings } = options;
    return objectOf<T>(await this.#server.update(this.#call(kind, object.metadata, subresource), object, this.#settings(settings)));
  }

  async updateStatus<T extends KubeObject>(kind: KindDefinition<T>, object: NoInfer<T>, options: WriteOptions = {}): Promise<T> {
    return objectOf<T>(await this.#server.update(this.#call(kind, object.metadata, 'status'), object, this.#settings(options)));
  }

  async patch<T extends KubeObject>(
    kind: KindDefinition<T>,
    key: ObjectKey,
    type: PatchType,
    patch: unknown,
    options: WriteOptions & { subresource?: string } = {},
  ): Promise<T> {
    const { subresource, ...settings } = options;
    return objectOf<T>(await this.#server.patch(this.#call(kind, key, subresource), type, patch, this.#settings(settings)));
  }

  async delete<T extends KubeObject>(kind: KindDefinition<T>, key: ObjectKey, options: DeleteOptions = {}): Promise<T> {
    return objectOf<T>(await this.#server.delete(this.#call(kind, key), options));
  }

  async createSubresource<T extends KubeObject>(
    kind: KindDefinition<T>,
    key: ObjectKey,
    subresource: string,
    body: unknown,
  ): Promise<unknown> {
    return (await this.#server.create(this.#call(kind, key, subresource), body)).object;
  }

  /** A stream into a pod, as bytes: `log`, `exec`, `attach`, `portforward`. @param options of the stream's own kind, such as PodExecOptions */
  connect<T extends KubeObject>(
    kind: KindDefinition<T>,
    key: ObjectKey,
    subresource: string,
    options: KubeObject,
    signal?: AbortSignal,
  ): Promise<Connection> {
    const verb = subresource === 'log' ? 'get' : 'create';
    return this.#server.connect({ ...this.#call(kind, key, subresource), signal }, verb, options);
  }

  #settings(options: WriteOptions): WriteSettings {
    return { ...options, userAgent: managerOf(this.#user) };
  }

  /** As the server has it, with what converts and checks it: others may have made it anew, or have it without the checks of expressions. */
  #served(kind: KindDefinition): KindDefinition {
    const { group, version, plural } = kind;
    const served = this.#server.kinds.resource(group, version, plural);
    if (served) return served;
    // Of a version that another server answers for, only the caller knows what it asks for.
    return this.#server.otherFor(group, version) ? kind : this.#server.kinds.require(group, version, plural);
  }

  #call<T extends KubeObject>(kind: KindDefinition<T>, key: { namespace?: string; name?: string }, subresource?: string): Call {
    return { user: this.#user, kind: this.#served(erased(kind)), namespace: key.namespace, name: key.name, subresource };
  }
}

/** A kind's cache and codec hold only objects of that kind, which is what makes this sound. */
function objectOf<T extends KubeObject>(entry: Encoded): T {
  return entry.object as T;
}

function eventOf<T extends KubeObject>(item: WatchItem): WatchEvent<T> {
  if (item.type === 'BOOKMARK') return { type: 'BOOKMARK', resourceVersion: item.object.metadata.resourceVersion ?? '' };
  return { type: item.type, object: item.object as T };
}
