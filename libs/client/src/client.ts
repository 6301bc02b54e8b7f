// The one way to the API for everything that is not the API itself: over HTTP, or in process with the same checks.
// Objects that come back may be shared with caches: treat them as frozen, and copy before changing.
import type { KindDefinition, KubeObject, ObjectKey } from '@berth/machinery';

export interface ListOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  resourceVersionMatch?: 'Exact' | 'NotOlderThan';
  /**
   * Whether nothing but metadata is looked at. Objects of kinds in several versions may then come in whichever they are stored in, for
   * which no webhook has to answer; over HTTP they come as ever.
   */
  metadataOnly?: boolean;
}

export interface ObjectList<T> {
  items: T[];
  resourceVersion: string;
  continue?: string;
  remainingItemCount?: number;
}

export interface WatchOptions extends Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector' | 'metadataOnly'> {
  /** Events after this version; absent starts with ADDED for all that exists. */
  resourceVersion?: string;
  signal?: AbortSignal;
}

export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  /** Nothing older than this version is still to come. */
  | { type: 'BOOKMARK'; resourceVersion: string };

/** `apply` is server-side apply, which needs a field manager. */
export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface WriteOptions {
  dryRun?: boolean;
  /** Recorded in managedFields. */
  fieldManager?: string;
  /** Of an apply: takes over the fields of others. */
  force?: boolean;
}

export interface DeleteOptions extends WriteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  preconditions?: { uid?: string; resourceVersion?: string };
}

/** Failures are StatusErrors from @berth/machinery: NotFound, AlreadyExists, Conflict, Invalid, Expired and so on. */
export interface Client {
  get<T extends KubeObject>(kind: KindDefinition<T>, key: ObjectKey): Promise<T>;
  list<T extends KubeObject>(kind: KindDefinition<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /** Ends when the server ends it or the signal aborts; throws StatusError Expired (410) when the version is gone. */
  watch<T extends KubeObject>(kind: KindDefinition<T>, options?: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject>(kind: KindDefinition<T>, object: NoInfer<T>, options?: WriteOptions): Promise<T>;
  /** Replaces; fails with Conflict when metadata.resourceVersion is given and stale. `subresource` is such as a Namespace's `finalize`. */
  update<T extends KubeObject>(kind: KindDefinition<T>, object: NoInfer<T>, options?: WriteOptions & { subresource?: string }): Promise<T>;
  /** Replaces status (and metadata.finalizers, labels, annotations stay as they are). */
  updateStatus<T extends KubeObject>(kind: KindDefinition<T>, object: NoInfer<T>, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(
    kind: KindDefinition<T>,
    key: ObjectKey,
    type: PatchType,
    patch: unknown,
    options?: WriteOptions & { subresource?: string },
  ): Promise<T>;
  /** Returns the object as it is after the request: gone, or with a deletionTimestamp. */
  delete<T extends KubeObject>(kind: KindDefinition<T>, key: ObjectKey, options?: DeleteOptions): Promise<T>;
  /** POST to a subresource, e.g. `binding`. */
  createSubresource<T extends KubeObject>(kind: KindDefinition<T>, key: ObjectKey, subresource: string, body: unknown): Promise<unknown>;
}
