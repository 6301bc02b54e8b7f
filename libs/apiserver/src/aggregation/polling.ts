// Work that is done for every APIService: when it changes, again after a while, and ever later where it fails. One whose server hangs
// keeps no other waiting.
import { WorkQueue } from '@berth/controller';
import type { Clock, Random } from '@berth/telemetry';
import type { ApiServiceTable } from './api-service-table.ts';

const workersMax = 16;

/** When to look again: after the usual while, after a growing wait, or only when something changes. */
export type Outcome = 'again' | 'failed' | 'settled';

export interface PollingOptions {
  clock: Clock;
  random: Random;
  table: ApiServiceTable;
  againMs: number;
  /** Never rejects. */
  look(name: string, signal: AbortSignal): Promise<Outcome>;
}

export class Polling {
  readonly #options: PollingOptions;
  readonly #queue: WorkQueue;
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(options: PollingOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({ clock: options.clock, random: options.random }, () => this.#fill());
    options.table.onChange((name) => this.add(name));
  }

  add(name: string): void {
    if (!this.#stopping.signal.aborted) this.#queue.add(name);
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the server is stopping'));
    this.#queue.close();
    await Promise.all(this.#running);
  }

  #fill(): void {
    while (!this.#stopping.signal.aborted && this.#running.size < workersMax) {
      const name = this.#queue.take();
      if (name === undefined) return;
      const work: Promise<void> = this.#work(name).finally(() => {
        this.#running.delete(work);
        this.#fill();
      });
      this.#running.add(work);
    }
  }

  async #work(name: string): Promise<void> {
    const outcome = await this.#options.look(name, this.#stopping.signal);
    if (this.#stopping.signal.aborted) return;
    this.#queue.done(name, outcome !== 'failed');
    if (outcome === 'again') this.#queue.addAfter(name, this.#options.againMs);
  }
}
