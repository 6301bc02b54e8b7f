// The port of the API: whatever can be asked for answers by it, be it stored, another version of what is stored, a part of an object,
// computed when it is read, a stream into a node, or another server's. Who may has been decided before a method is called
// (api-server.ts); a method that is absent is one that the resource does not have. Whatever a method throws for a client's fault is a
// StatusError.
import type { KubeObject } from '@berth/machinery';
import type { Tunnel } from '@berth/protocol';
import type { PatchKind } from './patches.ts';
import type {
  Answer,
  Call,
  DeleteAnswer,
  DeleteSettings,
  ListAnswer,
  ListSettings,
  ReadSettings,
  WatchHandle,
  WatchSettings,
  WriteSettings,
} from './types.ts';
import type { FarRequest, PassedRequest } from './webhooks/index.ts';

export interface Resource {
  get?(call: Call, settings: ReadSettings): Promise<Answer>;
  list?(call: Call, settings: ListSettings): Promise<ListAnswer>;
  /** Rejects with Expired (410) when the version is too old to resume from. */
  watch?(call: Call, settings: WatchSettings): Promise<WatchHandle>;
  /** POST to a collection, or to a subresource of the object that the call names (pods/binding, pods/eviction). */
  create?(call: Call, body: unknown, settings: WriteSettings): Promise<Answer>;
  /** @param authorizeCreate throws unless the caller may create what does not exist, for what a PUT may create */
  update?(call: Call, body: unknown, settings: WriteSettings, authorizeCreate: AuthorizeCreate): Promise<Answer>;
  /** Any patch but server-side apply. */
  patch?(call: Call, type: PatchKind, patch: unknown, settings: WriteSettings): Promise<Answer>;
  /** Server-side apply. */
  apply?(call: Call, configuration: unknown, settings: WriteSettings, authorizeCreate: AuthorizeCreate): Promise<Answer>;
  delete?(call: Call, settings: DeleteSettings): Promise<DeleteAnswer>;
  /** Deletes what the selectors find; returns it as it was found. */
  deleteCollection?(call: Call, selectors: ListSettings, settings: DeleteSettings): Promise<ListAnswer>;
  /**
   * A stream into a node: pods/log, exec, attach, portforward.
   * @param options of a kind of their own (PodExecOptions), which admission may change
   * @param authorizeCreate throws unless the caller may do more than read, for what begins with a GET and is no read
   */
  connect?(call: Call, options: KubeObject, authorizeCreate: AuthorizeCreate): Promise<Connection>;
  /** What is behind it speaks HTTP for itself: pods/proxy, services/proxy, nodes/proxy. */
  pass?(call: Call, options: KubeObject): Promise<Passage>;
}

/** What a resource answers a verb by. */
export const methodOf: Record<string, keyof Resource | undefined> = {
  ...{ get: 'get', list: 'list', watch: 'watch', create: 'create', update: 'update', patch: 'patch', delete: 'delete' },
  deletecollection: 'deleteCollection',
};

/** Nothing is open yet, but all that can be refused has been, so that HTTP can be left. */
export interface Connection {
  /** Whether nothing can come yet, and a client is better told that than refused. */
  isEmpty?: true;
  /** Ends with the signal of the call. @param port of the pod, for what is forwarded. @throws StatusError when its node is away */
  open(port?: number): Promise<Tunnel>;
}

/** A way to what speaks HTTP, once all that can be refused has been. */
export interface Passage {
  /** The far side, as its own links name it. */
  host: string;
  request(options: PassedRequest): Promise<FarRequest>;
}

export type AuthorizeCreate = () => Promise<void>;
