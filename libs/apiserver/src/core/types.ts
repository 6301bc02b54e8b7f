// What one API request is, without HTTP: who asks, for which resource, and what comes back.
// Every way in (HTTP, the in-process client) speaks these types, so all of them pass the same checks.
import type { KindDefinition, KubeObject } from '@berth/machinery';
import type { SpanContext } from '@berth/telemetry/tracing';

export interface User {
  name: string;
  groups: string[];
  /** Of the account, where it has one: a service account's. */
  uid?: string;
  /** What else is known, by key: the pod that a token is bound to. */
  extra?: Record<string, string[]>;
}

/** The resource that a request is about. `namespace` is absent for cluster scope, `name` for collections. */
export interface Target {
  kind: KindDefinition;
  /** The version that the request is in, where `kind` is the stored one and it is not. */
  through?: KindDefinition;
  namespace?: string;
  name?: string;
  subresource?: string;
}

export interface Call extends Target {
  user: User;
  signal?: AbortSignal;
  /** The verb that is allowed already, for exactly this target. */
  allowed?: string;
  /** Of a request that changes something: who asks for it, as the store keeps it beside what is written (write-author.ts). */
  author?: string;
  /** Absent when nobody is told of the request. */
  audit?: Annotated | undefined;
  /** Whether webhooks and policies had their say on the request that this is a part of. */
  isAdmitted?: boolean;
}

/** Where a decision about a request is noted, for whoever reads the audit log. The first value of a key stays. */
export interface Annotated {
  /** @param level below which it is not noted */
  annotate(key: string, value: string, level?: 'Request'): void;
  /** Adds to the time that the request has spent in this part of the server. */
  spent(layer: Layer, durationMs: number): void;
  /** Of the request, where it is traced. */
  readonly spanContext?: SpanContext | undefined;
}

/** Parts of the server, by Kubernetes' names; `etcd` is the store, whichever it is. */
export type Layer = 'authentication' | 'authorization' | 'apf-queue-wait' | 'etcd' | 'response-write';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface WriteSettings {
  dryRun?: boolean;
  /** Who owns what is written, in managedFields; required for server-side apply. */
  fieldManager?: string;
  /** Stands in for `fieldManager` up to its first slash. */
  userAgent?: string;
  /** Whether the change is written as a patch. */
  isPatch?: boolean;
  /** Server-side apply only: takes over the fields of others. */
  force?: boolean;
  /** Default Warn, as in Kubernetes. */
  fieldValidation?: FieldValidation;
  /** Paths that the body gave more than once; handled as unknown fields are. */
  duplicates?: string[];
  /** Told what is wrong with the body, so that an answer which says that the write failed can say it too. */
  noteWarnings?(warnings: string[]): void;
}

export interface DeleteSettings extends WriteSettings {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  /** The older spelling of Orphan and Background. */
  orphanDependents?: boolean;
  preconditions?: { uid?: string; resourceVersion?: string };
  /** Whether dependents stay where neither the settings nor the object's finalizers say what becomes of them. */
  orphansUnlessAsked?: boolean;
  /** Whether the object is one of a collection that is deleted. */
  isOfCollection?: boolean;
}

export interface ReadSettings {
  resourceVersion?: string;
}

export interface Selectors {
  labelSelector?: string;
  fieldSelector?: string;
}

export interface ListSettings extends Selectors {
  /** Whether nothing but metadata is looked at, so that objects may be shown in the versions that they are stored in. */
  metadataOnly?: boolean;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  /** Exact or NotOlderThan. */
  resourceVersionMatch?: string;
  /** Refused: a watch's. */
  sendInitialEvents?: boolean;
}

export interface WatchSettings extends Selectors {
  /** As of lists. */
  metadataOnly?: boolean;
  /** Events after this version. Absent or '0' starts with ADDED for all that exists, unless sendInitialEvents is false. */
  resourceVersion?: string;
  /** NotOlderThan, with sendInitialEvents. */
  resourceVersionMatch?: string;
  /** Refused beside resourceVersionMatch, else without meaning. */
  continue?: string;
  allowWatchBookmarks?: boolean;
  /** ADDED for all that exists, then a bookmark annotated k8s.io/initial-events-end. */
  sendInitialEvents?: boolean;
  /** Whether that bookmark comes, where bookmarks are allowed; it does, unless this is false. */
  marksInitialEnd?: boolean;
}

/** One object as stored: its JSON (with resourceVersion) and, parsed on first use and frozen, the object itself. */
export interface Encoded {
  readonly bytes: Uint8Array;
  readonly object: KubeObject;
}

/** What a request on one object returns; `code` is the HTTP status. */
export interface Answer extends Encoded {
  code: number;
  /** One Warning header each. */
  warnings: string[];
}

export interface DeleteAnswer extends Answer {
  /** Whether the object is gone; otherwise it has a deletionTimestamp and is returned as it is now. */
  removed: boolean;
}

export interface ListAnswer {
  entries: Encoded[];
  resourceVersion: string;
  continue?: string;
  remainingItemCount?: number;
  /** Of deletions of what is listed. */
  warnings?: string[];
}

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';

export interface WatchItem extends Encoded {
  type: WatchEventType;
  /** What it shows. */
  readonly subject: Encoded;
  /** Of a change: what was there before. */
  readonly previous?: Encoded | undefined;
  /** `{"type":…,"object":…}` and a newline; made once for all watchers. */
  readonly line: Uint8Array;
}

/** Ends by itself when the server drops the watcher (too slow, cache reset): watch again from the last version seen. */
export interface WatchHandle extends AsyncIterable<WatchItem> {
  /** The next event, if it is there already. @throws StatusError when the watch has failed, after all that came before */
  take(): WatchItem | undefined;
  /** Resolves when there may be something to take, or the watch has ended. For one reader at a time. */
  ready(): Promise<void>;
  /** Whether nothing more comes than what can be taken now. */
  readonly ended: boolean;
  close(): void;
}

/** Objects that a webhook converted, or did not. */
export interface ConversionObserved {
  /** Name of the definition. */
  definition: string;
  from: string;
  to: string;
  durationSeconds: number;
  /** Why it failed, in the words of Kubernetes' metrics. */
  failure?: string;
}

export interface PolicyCheck {
  policy: string;
  binding: string;
  errorType: 'no_error' | 'compile_error' | 'out_of_budget' | 'invalid_error';
  action: 'allow' | 'deny' | 'audit' | 'warn';
  seconds: number;
}

/** A call of a webhook of admission. */
export interface WebhookAsked {
  name: string;
  type: 'admit' | 'validating';
  operation: string;
  seconds: number;
  /** HTTP status of the outcome; 0 for an error of this server. */
  code: number;
  /** Why the request was refused; undefined when it was not, empty when nobody waited any more. */
  rejection: string | undefined;
}

/** What became of one mutation of a policy. */
export type MutationCheck = Pick<PolicyCheck, 'policy' | 'binding' | 'errorType' | 'seconds'>;

/** Counts what happens inside; every method may be a no-op. */
export interface CoreMetrics {
  watcherDropped(resource: string): void;
  conflictRetried(resource: string): void;
  cacheReset(): void;
  converted(conversion: ConversionObserved): void;
  /** What a policy with a binding made of a request. */
  policyChecked(check: PolicyCheck): void;
  objectMutated(check: MutationCheck): void;
  webhookAsked(asked: WebhookAsked): void;
  /** A call failed, and the request was let through. */
  webhookFailedOpen(name: string, type: WebhookAsked['type']): void;
}

export const noMetrics: CoreMetrics = {
  watcherDropped() {},
  conflictRetried() {},
  cacheReset() {},
  converted() {},
  policyChecked() {},
  objectMutated() {},
  webhookAsked() {},
  webhookFailedOpen() {},
};
