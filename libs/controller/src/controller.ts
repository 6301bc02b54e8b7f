// What a controller is: what it watches, what it alone writes, how it sees the world, and a pure plan.
// A plan must be right from any state, after any crash, and with stale reads: the runner tries it again until it is empty.
import type { Informer, InformerSet, PatchType } from '@berth/client';
import type { KindDefinition, KubeObject, ObjectKey, StatusError } from '@berth/machinery';

export type Action =
  | { type: 'create'; kind: KindDefinition; object: KubeObject; onSuccess?: EventDraft; onFailure?: EventDraft }
  | { type: 'update'; kind: KindDefinition; object: KubeObject; subresource?: string }
  | { type: 'updateStatus'; kind: KindDefinition; object: KubeObject }
  | {
      type: 'patch';
      kind: KindDefinition;
      key: ObjectKey;
      /** An apply is made in the controller's name. */
      patchType: PatchType;
      patch: unknown;
      subresource?: string;
      /** Of an apply: takes over the fields of others. */
      force?: boolean;
    }
  | {
      type: 'delete';
      kind: KindDefinition;
      key: ObjectKey;
      uid: string;
      gracePeriodSeconds?: number;
      /** What becomes of its dependents; by default what the server does for the kind. */
      propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
      onSuccess?: EventDraft;
      onFailure?: EventDraft;
    }
  /** Of a kind of which there are too many to be watched: whatever the server, not a cache, has of it in the namespace. */
  | { type: 'deleteAll'; kind: KindDefinition; namespace: string }
  | { type: 'createSubresource'; kind: KindDefinition; key: ObjectKey; subresource: string; body: KubeObject }
  | { type: 'event'; event: EventDraft }
  /**
   * Side by side in batches of 1, 2, 4 and so on, so that what fails for all fails once. After a failure the rest is left,
   * and `recover` says what to do about it, before the key is tried again.
   */
  | { type: 'slowStart'; actions: Action[]; recover?(error: StatusError): Action[] }
  /** One group after the other; what fails of one keeps no other from being carried out, and the key is tried again. */
  | { type: 'independently'; groups: Action[][] }
  /** Only if the server, not a cache, knows no object of these kinds in the namespace; else the key is looked at again soon. */
  | { type: 'ifEmpty'; kinds: KindDefinition[]; namespace: string; actions: Action[] }
  /** Only if the server, not a cache, has no such object; it may have a namesake, unless no uid is given. */
  | { type: 'ifAbsent'; kind: KindDefinition; key: ObjectKey; uid?: string; actions: Action[]; otherwise?: Action[] }
  /** Only if the server, not a cache, has the object in the version that was observed; else a cache brings the change soon. */
  | { type: 'ifUnchanged'; kind: KindDefinition; object: KubeObject; actions: Action[] }
  /** Look at the same key again, even if nothing changes until then. */
  | { type: 'requeue'; afterMs: number };

/** `message` may hold `{name}` for the created object's name and `{error}` for what went wrong. */
export interface EventDraft {
  about: KubeObject;
  eventType: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

/** Read access to every watched kind. */
export interface Caches {
  of<T extends KubeObject>(kind: KindDefinition<T>): Pick<Informer<T>, 'get' | 'list' | 'byIndex' | 'addIndex'>;
  /** Those that users define, where a controller watches them. */
  customKinds: InformerSet['customKinds'];
}

export interface ControllerWatch {
  kind: KindDefinition;
  /**
   * Keys to look at when an object appears, changes or goes. A change asks twice, for how it is and for how it was, each with
   * the other beside it, so that those concerned by either look and a change that matters to nobody can be passed over.
   */
  enqueue(object: KubeObject, caches: Caches, other?: KubeObject): string[];
}

export interface Controller<Observed = unknown> {
  name: string;
  /** `Deployment.status`, `ReplicaSet.spec.replicas`: what this controller alone writes. */
  owns: string[];
  watches: ControllerWatch[];
  /** What it reads beside what it watches; changes of these wake it for nothing. */
  reads?: KindDefinition[];
  /** What it writes, alone or with others, as rights name it (`pods`, `pods/status`); `*` for kinds that users choose. */
  writes: string[];
  /** Watches kinds that users define, too: called for each as it comes, to add indexes and to say whom its objects concern. */
  watchesCustom?(kind: KindDefinition, caches: Caches): ControllerWatch;
  /** Adds the indexes that `observe` reads; before the informers start. */
  prepare?(caches: Caches): void;
  /** Everything that the plan for this key depends on; undefined when there is nothing to do. */
  observe(key: string, caches: Caches): Observed | undefined;
  plan(observed: Observed, now: number): Action[];
}

/** Types a watch's enqueue function by its kind. */
export function watches<T extends KubeObject>(
  kind: KindDefinition<T>,
  enqueue: (object: T, caches: Caches, old?: T) => string[],
): ControllerWatch {
  return { kind: kind as unknown as KindDefinition, enqueue: enqueue as unknown as ControllerWatch['enqueue'] };
}

/** Forgets the object type, for lists of kinds and for actions. */
export function erased<T extends KubeObject>(kind: KindDefinition<T>): KindDefinition {
  return kind as unknown as KindDefinition;
}
