// Turns at something that many writes change at once: in line they all get through, where side by side each would fail
// all the others. Memory is bounded by the requests under way.

export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Resolves when it is the caller's turn, with what ends it. */
  async take(key: string): Promise<() => void> {
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
