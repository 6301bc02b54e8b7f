// A store that misbehaves on command, for this folder's tests.
import { MemoryStore, type Store, StoreUnavailableError, type Transaction, type WatchOptions } from '@berth/store';

/** A store whose watches can fail or lag behind, and whose connection can be cut. */
export class FlakyStore {
  readonly inner = new MemoryStore();
  readonly transactions: Transaction[] = [];
  /** How often it was asked for its revision. */
  revisionsAsked = 0;
  isCut = false;
  watchError: Error | undefined;
  #held: Promise<void> | undefined;
  #open = new Set<{ close(): void }>();

  asStore(): Store {
    return new Proxy(this.inner, { get: (inner, name) => this.#member(inner, name) });
  }

  breakWatches(error: Error): void {
    this.watchError = error;
    for (const watch of this.#open) watch.close();
  }

  /** Keeps events from every watch until the returned function is called. */
  holdWatches(): () => void {
    let release = () => {};
    this.#held = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  }

  #member(inner: MemoryStore, name: string | symbol): unknown {
    if (name === 'watch') return (options: WatchOptions) => this.#watch(options);
    const member: unknown = Reflect.get(inner, name);
    if (typeof member !== 'function') return member;
    return async (...parameters: unknown[]) => {
      if (this.isCut) throw new StoreUnavailableError('the wire is cut');
      if (name === 'revision') this.revisionsAsked++;
      if (name === 'transact') this.transactions.push(parameters[0] as Transaction);
      return Reflect.apply(member, inner, parameters);
    };
  }

  #watch(options: WatchOptions) {
    const watch = this.inner.watch(options);
    this.#open.add(watch);
    const failure = () => {
      const error = this.watchError;
      this.watchError = undefined;
      return error;
    };
    const held = () => this.#held;
    async function* batches() {
      for await (const batch of watch) {
        await held();
        yield batch;
      }
      const error = failure();
      if (error) throw error;
    }
    return { ready: watch.ready, close: () => watch.close(), [Symbol.asyncIterator]: batches };
  }
}
