// Optimistic writes: decide on the newest known state, commit if it still is, decide again if not. What is decided may depend
// on other keys (a namespace that must exist, a port that must be free); guards commit with the object or not at all.

import { groupResourceOf, isReason, type KindDefinition, StatusError } from '@berth/machinery';
import { type KeyValue, LeaseNotFoundError, type Store, type Transaction, type TransactionResult, type Write } from '@berth/store';
import { type Clock, KeyedMutex } from '@berth/telemetry';
import type { Tracer } from '@berth/telemetry/tracing';
import { holds, isSame, removed, storedHead, unchanged, versioned } from './committed-entry.ts';
import type { Decide, Decision, Guard, Known, PutDecision } from './decision.ts';
import type { EventExpiry } from './event-expiry.ts';
import { relativeKey, storageKey } from './keys.ts';
import { timed } from './latency.ts';
import { Entry, encodeStored, headOf, rememberStored, withRevision } from './object-codec.ts';
import { tracePod } from './pod-trace.ts';
import { translated } from './store-errors.ts';
import type { Annotated, Call, CoreMetrics } from './types.ts';
import { decideInVersion, shownEntry } from './versions/index.ts';
import type { WatchCache } from './watch-cache.ts';

/** How often one request may lose against others before it is told so. */
const attemptsMax = 200;

/** As long as Kubernetes works at a request; asking others takes the most of it. */
const askingMsMax = 34_000;
const outOfTime = 'Timeout: request did not complete within requested timeout - context deadline exceeded';

export type { Decide, Decision, Guard, Known, PutDecision };

/** Others refused it, for reasons of their own: they are not asked again about an object that is the same. */
export class Refusal extends StatusError {
  /** What they warned of as well. */
  readonly warnings: readonly string[];

  constructor({ status }: StatusError, warnings: readonly string[]) {
    super(status.code ?? 500, status.reason ?? '', status.message ?? '', status.details);
    Object.assign(this.status, status);
    this.warnings = warnings;
  }
}

/** A decision that can be made anew, and on what it was made. */
interface Made {
  on: Entry | undefined;
  again: PutDecision['again'];
  isVoid?: boolean;
}

export interface Committed {
  entry: Entry;
  type: Decision['type'];
  /** What the decision has its client know. */
  warnings: string[];
}

type Outcome = Pick<Committed, 'entry' | 'type'>;

export interface CommitterOptions {
  store: Store;
  cache: WatchCache;
  metrics: CoreMetrics;
  expiry: EventExpiry;
  clock: Clock;
  tracer?: Tracer | undefined;
}

/** What is to be changed, and where it is told how long the store takes. */
export type Place = Pick<Call, 'kind' | 'namespace' | 'name' | 'audit' | 'author'>;

export class Committer {
  readonly #store: Store;
  readonly #cache: WatchCache;
  readonly #metrics: CoreMetrics;
  readonly #expiry: EventExpiry;
  readonly #clock: Clock;
  readonly #tracer: Tracer | undefined;
  readonly #mutex = new KeyedMutex();

  constructor({ store, cache, metrics, expiry, clock, tracer }: CommitterOptions) {
    this.#store = store;
    this.#cache = cache;
    this.#metrics = metrics;
    this.#expiry = expiry;
    this.#clock = clock;
    this.#tracer = tracer;
  }

  /** The object as the store has it now. */
  async load(kind: KindDefinition, namespace: string | undefined, name: string, audit?: Annotated): Promise<Entry | undefined> {
    const { kv } = await timed(audit, 'etcd', this.#clock, () => translated(this.#store.get(storageKey(kind, namespace, name))));
    return kv && this.#entry(kind, relativeKey(namespace, name), kv);
  }

  /** The object as the cache has it, or as the store has it when the cache does not know it (yet). */
  async recent(kind: KindDefinition, namespace: string | undefined, name: string): Promise<Entry | undefined> {
    return this.#cache.of(kind).get(relativeKey(namespace, name)) ?? (await this.load(kind, namespace, name));
  }

  /**
   * No lock is held while webhooks are asked, so that a slow one keeps nobody else waiting, and may write itself.
   * @throws what `decide` throws on the newest state, or Conflict after losing too often.
   */
  async mutate(place: Place, dryRun: boolean, decide: Decide): Promise<Committed> {
    const { kind } = place;
    if (!kind.conversion) return this.#mutate(place, dryRun, decide);
    const committed = await this.#mutate(place, dryRun, decideInVersion(kind, kind.conversion, decide));
    return committed.type === 'remove' ? committed : { ...committed, entry: await shownEntry(kind, committed.entry) };
  }

  async #mutate({ kind, namespace, name = '', audit, author }: Place, dryRun: boolean, decide: Decide): Promise<Committed> {
    const relative = relativeKey(namespace, name);
    const known = new Map<string, KeyValue | undefined>();
    // The cached state is tried first, also that there is no such object: when it turns out stale, the commit fails and brings the
    // newest one along.
    let current = dryRun ? undefined : this.#cache.of(kind).get(relative);
    let proven = false;
    if (dryRun) {
      current = await this.load(kind, namespace, name, audit);
      proven = true;
    }
    let unlock: (() => void) | undefined;
    let made: Made | undefined;
    const startMs = this.#clock.monotonicMs();
    try {
      for (let attempt = 0; attempt < attemptsMax; attempt++) {
        const again: Decide | undefined = made?.again && !made.isVoid && isSame(made.on, current) ? made.again : undefined;
        if (made?.again && !again) {
          unlock?.();
          unlock = undefined;
          if (this.#clock.monotonicMs() - startMs > askingMsMax) throw StatusError.timeout(outOfTime);
        }
        const outcome = await this.#attempt(again ?? decide, current, known, proven);
        const decision = outcome instanceof StatusError ? undefined : outcome;
        made = decision?.type === 'put' ? { on: current, again: decision.again } : undefined;
        if (decision?.type === 'put' && decision.lockKey && !unlock && !dryRun) {
          unlock = await this.#mutex.lock(decision.lockKey);
          continue;
        }
        if (decision && (decision.type !== 'keep' || proven)) {
          const done = dryRun
            ? this.#dryRun(kind, relative, current, decision)
            : await this.#commit({ kind, audit, author }, relative, current, decision, known);
          if ('entry' in done) {
            if (this.#tracer && !dryRun && !current) tracePod(this.#tracer, decision, this.#clock.monotonicMs() - startMs, audit);
            return { ...done, warnings: decision.warnings ?? [] };
          }
          current = done.current && this.#entry(kind, relative, done.current);
          if (made && decision.type === 'put' && decision.isAllocated) made.isVoid = true;
          this.#metrics.conflictRetried(groupResourceOf(kind));
        } else {
          const newest = await this.load(kind, namespace, name, audit);
          if (isSame(newest, current)) {
            if (decision?.type === 'keep') return { entry: decision.entry, type: 'keep', warnings: decision.warnings ?? [] };
            if (outcome instanceof Refusal) throw outcome;
          }
          current = newest;
        }
        proven = true;
      }
    } finally {
      unlock?.();
    }
    throw StatusError.conflict(kind, name, 'it is being changed by too many requests at once; please try again');
  }

  /** An error when the decision failed on a state that may be stale, so that it deserves the newest one. */
  async #attempt(decide: Decide, current: Entry | undefined, known: Known, proven: boolean): Promise<Decision | StatusError> {
    try {
      return await decide(current, known);
    } catch (error) {
      if (proven || !(error instanceof StatusError)) throw error;
      return error;
    }
  }

  async #commit(
    { kind, audit, author }: Pick<Place, 'kind' | 'audit' | 'author'>,
    relative: string,
    current: Entry | undefined,
    decision: Decision,
    known: Map<string, KeyValue | undefined>,
  ): Promise<Outcome | { current: KeyValue | undefined }> {
    if (decision.type === 'keep') return { entry: decision.entry, type: 'keep' };
    const cache = this.#cache.of(kind);
    const key = cache.prefix + relative;
    const guards = decision.type === 'put' ? (decision.guards ?? []) : [];
    const stored = decision.type === 'put' ? encodeStored(decision.object) : undefined;
    const own: Write = stored ? { type: 'put', key, value: stored } : { type: 'delete', key };
    if (stored && decision.type === 'put') rememberStored(stored, decision.object, kind.conversion ? undefined : kind);
    const transaction: Transaction = {
      compare: [unchanged(key, current), ...guards.map((guard) => guard.compare)],
      writes: [own, ...guards.flatMap((guard) => guard.write ?? []), ...(decision.writes ?? [])],
      onFailure: [key, ...guards.map((guard) => guard.compare.key)],
      // Also what ends a deletion that has begun: finalizers that go, statuses of pods that end.
      freesSpace: decision.type === 'remove' || decision.object.metadata.deletionTimestamp !== undefined,
      ...(author !== undefined && { author }),
    };
    const result = await timed(audit, 'etcd', this.#clock, () => this.#transact(kind, transaction));
    if (result.succeeded) {
      for (const guard of guards) guard.onCommit?.(result.revision);
      if (isInForceAtOnce(kind)) await this.#settle(result.revision);
      if (!stored) return { entry: removed(headOf(kind), relative, decision.object, current), type: 'remove' };
      return { entry: Entry.stored(storedHead(kind), relative, result.revision, stored), type: 'put' };
    }
    guards.forEach((guard, index) => {
      const found = result.current[index + 1];
      if (holds(guard.compare, found)) return;
      known.set(guard.compare.key, found);
      guard.onConflict(found);
    });
    return { current: result.current[0] };
  }

  /** Until requests of this server go by it; a cache that cannot follow its store is seen to elsewhere. */
  async #settle(revision: number): Promise<void> {
    try {
      await this.#cache.reach(revision);
    } catch (error) {
      if (!isReason(error, 'Timeout')) throw error;
    }
  }

  /** Objects that expire are written under a lease, which may itself have expired unnoticed: then once more under a new one. */
  async #transact(kind: KindDefinition, transaction: Transaction): Promise<TransactionResult> {
    const lease = await this.#expiry.leaseFor(kind);
    if (!lease) return translated(this.#store.transact(transaction));
    const leased = (id: string) => ({ ...transaction, writes: transaction.writes.map((write) => withLease(write, id)) });
    try {
      return await translated(this.#store.transact(leased(lease)));
    } catch (error) {
      if (!(error instanceof LeaseNotFoundError)) throw error;
    }
    this.#expiry.forget();
    return translated(this.#store.transact(leased((await this.#expiry.leaseFor(kind)) ?? lease)));
  }

  /** The answer that a commit would have given. */
  #dryRun(kind: KindDefinition, relative: string, current: Entry | undefined, decision: Decision): Outcome {
    const head = storedHead(kind);
    if (decision.type === 'keep') return { entry: decision.entry, type: 'keep' };
    if (decision.type === 'remove') return { entry: removed(headOf(kind), relative, decision.object, current), type: 'remove' };
    const stored = encodeStored(decision.object);
    if (current) return { entry: versioned(head, relative, current.revision, stored, decision.object), type: 'put' };
    const { shownVersion } = decision;
    return { entry: new Entry(relative, 0, shownVersion ? withRevision(head, stored, shownVersion) : stored), type: 'put' };
  }

  #entry(kind: KindDefinition, relative: string, kv: KeyValue): Entry {
    return this.#cache.of(kind).entry(relative, kv);
  }
}

/** Admission's configuration, which is read from the cache: whoever has written it may rely on it. */
function isInForceAtOnce({ group }: KindDefinition): boolean {
  return group === 'admissionregistration.k8s.io';
}

function withLease(write: Write, lease: string): Write {
  return write.type === 'put' ? { ...write, lease } : write;
}
