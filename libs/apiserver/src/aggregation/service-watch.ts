// Services and their endpoints, followed only while some service answers for a part of the API.
import { EndpointSlice, Service } from '@berth/api';
import { Informer, type InformerDeps } from '@berth/client';
import type { ServiceFacts } from './availability-check.ts';

const serviceNameLabel = 'kubernetes.io/service-name';
const byService = 'service';

interface Watched {
  services: Informer<Service>;
  slices: Informer<EndpointSlice>;
  /** Ends the waiting of those who wait for what comes no more. */
  stopped: PromiseWithResolvers<void>;
}

export class ServiceWatch {
  readonly #deps: InformerDeps;
  readonly #onChange: (namespace: string, name: string) => void;
  #informers: Watched | undefined;

  /** @param onChange called with every service that has changed, or whose endpoints have */
  constructor(deps: InformerDeps, onChange: (namespace: string, name: string) => void) {
    this.#deps = deps;
    this.#onChange = onChange;
  }

  /** Resolves when all that there is is known; undefined when it was stopped meanwhile. */
  async facts(namespace: string, name: string): Promise<ServiceFacts | undefined> {
    this.#informers ??= this.#start();
    const watched = this.#informers;
    const { services, slices, stopped } = watched;
    await Promise.race([Promise.all([services.synced, slices.synced]), stopped.promise]);
    if (watched !== this.#informers) return undefined;
    const key = `${namespace}/${name}`;
    return { service: services.get(key), slices: slices.byIndex(byService, key) };
  }

  stop(): void {
    this.#informers?.services.stop();
    this.#informers?.slices.stop();
    this.#informers?.stopped.resolve();
    this.#informers = undefined;
  }

  #start(): Watched {
    const services = new Informer(this.#deps, Service);
    const slices = new Informer(this.#deps, EndpointSlice);
    slices.addIndex(byService, (slice) => [serviceKey(slice)]);
    services.onChange((_type, { metadata: { namespace = '', name } }) => this.#onChange(namespace, name));
    slices.onChange((_type, slice) => this.#onChange(slice.metadata.namespace ?? '', slice.metadata.labels?.[serviceNameLabel] ?? ''));
    services.start();
    slices.start();
    return { services, slices, stopped: Promise.withResolvers<void>() };
  }
}

function serviceKey({ metadata: { namespace = '', labels } }: EndpointSlice): string {
  return `${namespace}/${labels?.[serviceNameLabel] ?? ''}`;
}
