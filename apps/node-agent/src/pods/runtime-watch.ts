// Wakes pods when the runtime says that something happened to them. Its events are hints that can be lost with a connection:
// every new stream is followed by a look at everything, and a slow relist finds what both have missed.
import type { Runtime } from '@berth/runtime';
import type { Clock, Logger } from '@berth/telemetry';
import type { Inventory } from './inventory.ts';

const relistMs = 60_000;
const retryMs = 1_000;
/** By then the runtime has heard that somebody listens. */
const settledMs = 1_000;

export interface RuntimeWatchDeps {
  runtime: Pick<Runtime, 'events'>;
  inventory: Pick<Inventory, 'owner'>;
  /** Learns everything anew. */
  relist(): Promise<void>;
  /** By the uid of the pod. */
  workers: ReadonlyMap<string, { wake(): void }>;
  clock: Clock;
  logger: Logger;
}

export class RuntimeWatch {
  readonly #deps: RuntimeWatchDeps;

  constructor(deps: RuntimeWatchDeps) {
    this.#deps = deps;
  }

  /** Until the signal aborts. */
  start(signal: AbortSignal): void {
    void this.#listen(signal);
    void this.#relist(signal);
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { runtime, inventory, workers, clock, logger } = this.#deps;
    while (!signal.aborted) {
      const look = clock.after(settledMs, () => this.#wakeAll());
      try {
        for await (const event of runtime.events(signal)) {
          const uid = inventory.owner(event);
          if (uid) workers.get(uid)?.wake();
        }
      } catch (error) {
        if (!signal.aborted) logger.warn("the runtime's event stream broke; listening again", { error });
      } finally {
        look.cancel();
      }
      await clock.sleep(retryMs, signal).catch(() => undefined);
    }
  }

  async #relist(signal: AbortSignal): Promise<void> {
    const { relist, clock, logger } = this.#deps;
    for (;;) {
      await clock.sleep(relistMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      await relist().catch((error: unknown) => logger.warn('cannot list containers', { error }));
      this.#wakeAll();
    }
  }

  #wakeAll(): void {
    for (const worker of this.#deps.workers.values()) worker.wake();
  }
}
