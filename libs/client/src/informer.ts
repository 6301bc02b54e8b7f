// A local copy of one kind, kept by list and watch. Level-triggered readers get the newest state; a broken watch is resumed,
// an expired one starts over, and a server that fails is asked again with growing, jittered waits.
import { isReason, type KindDefinition, type KubeObject, keyOf } from '@berth/machinery';
import type { Clock, Logger, Random } from '@berth/telemetry';
import type { Client, ListOptions } from './client.ts';

const backOffMsMin = 100;
const backOffMsMax = 30_000;

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';
export type ChangeHandler<T> = (type: ChangeType, object: T, old: T | undefined) => void;

export interface InformerDeps {
  client: Client;
  clock: Clock;
  random: Random;
  logger: Logger;
}

export type InformerScope = Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector' | 'metadataOnly'>;

export class Informer<T extends KubeObject> {
  readonly kind: KindDefinition<T>;
  /** Resolves when the first list has been taken in. */
  readonly synced: Promise<void>;
  readonly #deps: InformerDeps;
  readonly #scope: InformerScope;
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, { of: (object: T) => string[]; keys: Map<string, Set<string>> }>();
  readonly #handlers: ChangeHandler<T>[] = [];
  readonly #waiters = new Set<{ version: number; resolve: () => void }>();
  #resolveSynced: () => void = () => {};
  #hasSynced = false;
  #resourceVersion = '';
  #stopping: AbortController | undefined;
  #failures = 0;

  constructor(deps: InformerDeps, kind: KindDefinition<T>, scope: InformerScope = {}) {
    this.#deps = deps;
    this.kind = kind;
    this.#scope = scope;
    this.synced = new Promise((resolve) => {
      this.#resolveSynced = resolve;
    });
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** `namespace/name`, or `name` for cluster-scoped kinds. */
  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  /** @param of the values under which an object is found; before start */
  addIndex(name: string, of: (object: T) => string[]): void {
    if (this.#indexes.has(name)) return;
    const index = { of, keys: new Map<string, Set<string>>() };
    this.#indexes.set(name, index);
    for (const [key, object] of this.#objects) for (const value of of(object)) addTo(index.keys, value, key);
  }

  /** @throws RangeError for an index that was not added */
  byIndex(name: string, value: string): T[] {
    const index = this.#indexes.get(name);
    if (!index) throw new RangeError(`the ${this.kind.kind} informer has no index called ${name}`);
    return [...(index.keys.get(value) ?? [])].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Called for every change from now on, and for what is there already. */
  onChange(handler: ChangeHandler<T>): void {
    this.#handlers.push(handler);
    for (const object of this.#objects.values()) handler('ADDED', object, undefined);
  }

  /** Resolves when this copy is at least as new as a version that a write returned, or will get no newer. */
  async reached(resourceVersion: string): Promise<void> {
    const version = Number(resourceVersion);
    if (Number(this.#resourceVersion) >= version || this.#stopping?.signal.aborted) return;
    await new Promise<void>((resolve) => this.#waiters.add({ version, resolve }));
  }

  start(): void {
    if (this.#stopping) return;
    this.#stopping = new AbortController();
    void this.#run(this.#stopping.signal);
  }

  stop(): void {
    this.#stopping?.abort(new Error('the informer was stopped'));
    for (const waiter of this.#waiters) waiter.resolve();
    this.#waiters.clear();
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === '') await this.#relist();
        const hasHeard = await this.#follow(signal);
        // A server that hangs up at once is not asked again at once.
        if (!hasHeard) await this.#deps.clock.sleep(this.#nextWaitMs(), signal);
      } catch (error) {
        if (signal.aborted) return;
        if (isReason(error, 'Expired') || isReason(error, 'Gone')) this.#resourceVersion = '';
        else this.#deps.logger.warn('watching failed; trying again', { kind: this.kind.kind, error });
        await this.#deps.clock.sleep(this.#nextWaitMs(), signal).catch(() => undefined);
      }
    }
  }

  #nextWaitMs(): number {
    const wait = Math.min(backOffMsMin * 2 ** Math.min(this.#failures++, 20), backOffMsMax);
    return wait * (0.5 + this.#deps.random.next() / 2);
  }

  async #relist(): Promise<void> {
    const list = await this.#deps.client.list(this.kind, this.#scope);
    const seen = new Set<string>();
    for (const object of list.items) {
      seen.add(keyOf(object));
      this.#store(object);
    }
    for (const [key, object] of [...this.#objects]) if (!seen.has(key)) this.#drop(key, object);
    this.#advance(list.resourceVersion);
    if (!this.#hasSynced) {
      this.#hasSynced = true;
      this.#resolveSynced();
    }
  }

  /** Whether anything came before the server ended the watch. */
  async #follow(signal: AbortSignal): Promise<boolean> {
    let hasHeard = false;
    for await (const event of this.#deps.client.watch(this.kind, { ...this.#scope, resourceVersion: this.#resourceVersion, signal })) {
      this.#failures = 0;
      hasHeard = true;
      if (event.type === 'BOOKMARK') {
        this.#advance(event.resourceVersion);
        continue;
      }
      if (event.type === 'DELETED') this.#drop(keyOf(event.object), event.object);
      else this.#store(event.object);
      this.#advance(event.object.metadata.resourceVersion ?? '');
    }
    return hasHeard;
  }

  #store(object: T): void {
    const key = keyOf(object);
    let old = this.#objects.get(key);
    if (old && old.metadata.uid !== object.metadata.uid) {
      // Another object of the same name: its deletion went unseen.
      this.#drop(key, old);
      old = undefined;
    }
    if (old && old.metadata.resourceVersion === object.metadata.resourceVersion) return;
    if (old) this.#unindex(key, old);
    this.#objects.set(key, object);
    for (const { of, keys } of this.#indexes.values()) for (const value of of(object)) addTo(keys, value, key);
    this.#notify(old ? 'MODIFIED' : 'ADDED', object, old);
  }

  #drop(key: string, last: T): void {
    const old = this.#objects.get(key);
    if (!old) return;
    this.#unindex(key, old);
    this.#objects.delete(key);
    this.#notify('DELETED', last, old);
  }

  #unindex(key: string, object: T): void {
    for (const { of, keys } of this.#indexes.values()) {
      for (const value of of(object)) {
        const set = keys.get(value);
        set?.delete(key);
        if (set?.size === 0) keys.delete(value);
      }
    }
  }

  /** A handler that fails keeps the change from nobody else: the watch goes on behind it, and it does not come again. */
  #notify(type: ChangeType, object: T, old: T | undefined): void {
    for (const handler of this.#handlers) {
      try {
        handler(type, object, old);
      } catch (error) {
        this.#deps.logger.error('a change could not be taken in', { kind: this.kind.kind, object: keyOf(object), error });
      }
    }
  }

  #advance(resourceVersion: string): void {
    if (Number(resourceVersion) > Number(this.#resourceVersion)) this.#resourceVersion = resourceVersion;
    for (const waiter of this.#waiters) {
      if (waiter.version > Number(this.#resourceVersion)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }
}

function addTo(map: Map<string, Set<string>>, value: string, key: string): void {
  const set = map.get(value);
  if (set) set.add(key);
  else map.set(value, new Set([key]));
}
