// What an API server sees to before it answers: that addresses of an earlier version are held, the cache is primed, and what
// every cluster has is there. The default range of service addresses it looks after from then on.
import { defaultServiceCidrName, ServiceCIDR } from '@berth/api';
import type { Client } from '@berth/client';
import type { Store } from '@berth/store';
import type { Clock, Logger, Random } from '@berth/telemetry';
import { type ClusterFacts, ensureDefaultObjects } from './default-objects.ts';
import { DefaultServiceCidr } from './default-service-cidr.ts';
import { adoptFormerReservations } from './former-reservations.ts';
import { erased } from './kinds-by-name.ts';
import type { WatchCache } from './watch-cache.ts';

export interface ClusterDefaultsOptions {
  store: Store;
  cache: WatchCache;
  clock: Clock;
  random: Random;
  logger: Logger;
  config: { serviceCidr: string };
  client: Client;
}

export class ClusterDefaults {
  readonly #options: ClusterDefaultsOptions;
  readonly #range: DefaultServiceCidr;

  constructor(options: ClusterDefaultsOptions) {
    const { cache, config } = options;
    this.#options = options;
    this.#range = new DefaultServiceCidr({
      ...options,
      cidr: config.serviceCidr,
      cached: () => cache.of(erased(ServiceCIDR)).get(defaultServiceCidrName)?.object as ServiceCIDR | undefined,
      reach: (resourceVersion) => cache.reach(Number(resourceVersion)),
    });
  }

  /** In this order: nothing is allocated before former reservations are held, and the range is there before its first address. */
  async start(facts: ClusterFacts): Promise<void> {
    const { store, cache, client, config, logger } = this.#options;
    await adoptFormerReservations(store, this.#options);
    await cache.start();
    await this.#range.start();
    await ensureDefaultObjects(client, config.serviceCidr, facts, logger);
  }

  async stop(): Promise<void> {
    await this.#range.stop();
    await this.#options.cache.stop();
  }
}
