// How much of something one client may hold at once, and all clients together: so that one of them cannot take all there is. Pure.

export class ClientLimit {
  readonly #perClientMax: number;
  readonly #totalMax: number;
  readonly #held = new Map<string, number>();
  #total = 0;

  constructor(perClientMax: number, totalMax: number) {
    this.#perClientMax = perClientMax;
    this.#totalMax = totalMax;
  }

  /** Whether it is for want of others' giving back, not for the client's own share, that it gets nothing. */
  isFullFor(client: string): boolean {
    return this.#total >= this.#totalMax && (this.#held.get(client) ?? 0) < this.#perClientMax;
  }

  /** Takes one, unless the client has its share or nothing is left. @returns how to give it back, once */
  take(client: string): (() => void) | undefined {
    const held = this.#held.get(client) ?? 0;
    if (held >= this.#perClientMax || this.#total >= this.#totalMax) return undefined;
    this.#held.set(client, held + 1);
    this.#total++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#release(client);
    };
  }

  #release(client: string): void {
    this.#total--;
    const held = (this.#held.get(client) ?? 1) - 1;
    if (held > 0) this.#held.set(client, held);
    else this.#held.delete(client);
  }
}
