// Whether the API server and what it stands on are well, as its health checks and component statuses ask. Why something is not is
// logged; whoever asks gets a yes or a no.
import type { Store } from '@berth/store';
import type { Logger } from '@berth/telemetry';
import type { WatchCache } from './watch-cache.ts';

export interface ServerHealthOptions {
  store: Store;
  cache: WatchCache;
  logger: Logger;
}

export class ServerHealth {
  readonly #options: ServerHealthOptions;
  /** Set while reads can be answered but for the cache's delay. */
  started = false;

  constructor(options: ServerHealthOptions) {
    this.#options = options;
  }

  /** Whether reads can be answered: started, and the cache keeps up with the store. */
  async isReady(): Promise<boolean> {
    return this.started && this.#holds('the watch cache', this.#options.cache.proven());
  }

  storeAnswers(): Promise<boolean> {
    return this.#holds('the store', this.#options.store.revision());
  }

  /** Whether the store takes all writes; a full one takes deletions alone. */
  async storeHasSpace(): Promise<boolean> {
    return this.#options.store.fullness() === undefined;
  }

  #holds(part: string, proof: Promise<unknown>): Promise<boolean> {
    return proof.then(
      () => true,
      (error: unknown) => {
        this.#options.logger.warn(`${part} is not healthy`, { error });
        return false;
      },
    );
  }
}
