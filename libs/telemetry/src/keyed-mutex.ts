// A mutex for each key: what concerns one thing is done one after another, in the order in which it was asked for; what concerns others goes
// on beside it. Memory is bounded by what is under way.

export class KeyedMutex {
  readonly #last = new Map<string, Promise<void>>();

  /** Resolves when the caller holds the key's lock, with what releases it; in the order of the calls. */
  async lock(key: string): Promise<() => void> {
    const before = this.#last.get(key);
    let end = () => {};
    const own = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#last.set(key, own);
    await before;
    return () => {
      if (this.#last.get(key) === own) this.#last.delete(key);
      end();
    };
  }

  /** Whether those before it have failed is nothing to a task. */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const unlock = await this.lock(key);
    try {
      return await task();
    } finally {
      unlock();
    }
  }
}
