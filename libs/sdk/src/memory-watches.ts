// What has happened to objects in memory, in order, for watches that begin at any version and follow.
import type { KubeObject } from '@berth/machinery';
import { StatusError } from '@berth/machinery';

export interface Happening {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: KubeObject;
  resource: string;
  revision: number;
}

const rememberedMax = 10_000;

export class Watchers {
  /** The last ones. */
  #log: Happening[] = [];
  #forgotten = 0;
  #waiting = new Set<() => void>();

  happened(happening: Happening): void {
    this.#log.push(happening);
    if (this.#log.length > rememberedMax) this.#forgotten = this.#log.shift()?.revision ?? 0;
    for (const wake of [...this.#waiting]) wake();
  }

  /** @param after a version @throws StatusError when that is too old */
  async *follow(after: number, signal: AbortSignal | undefined): AsyncGenerator<Happening> {
    for (let last = after; !signal?.aborted; ) {
      if (last < this.#forgotten) throw StatusError.expired(`too old resource version: ${last} (${this.#forgotten})`);
      const next = this.#log.filter(({ revision }) => revision > last);
      for (const happening of next) {
        last = happening.revision;
        yield happening;
      }
      if (next.length === 0) await this.#more(signal);
    }
  }

  #more(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal?.addEventListener('abort', wake);
    });
  }
}
