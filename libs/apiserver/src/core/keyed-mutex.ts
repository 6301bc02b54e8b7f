// A mutex for each key, for what many writes change at once: one after the other they all get through, where side by side each would
// fail all the others. Memory is bounded by the requests under way.

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
}
