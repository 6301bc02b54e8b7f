// Which versions of groups other servers answer for: every APIService that names a service, as this server last saw it. Looked up for
// every request, so that it costs nothing while there is none.
import { APIService, type apiregistrationV1 } from '@berth/api';
import { Informer, type InformerDeps } from '@berth/client';

/** A version of a group that another server answers for. */
export interface AggregatedVersion {
  /** Of its APIService. */
  name: string;
  group: string;
  version: string;
  service: { namespace: string; name: string; port: number };
  /** PEM; undefined for the authorities of the system. */
  caBundle: string | undefined;
  isInsecure: boolean;
  isAvailable: boolean;
}

/** Answers for itself whatever anybody registers: without it nothing could be put right. */
export const registrationGroup = 'apiregistration.k8s.io';

export class ApiServiceTable {
  readonly #informer: Informer<APIService>;
  readonly #versions = new Map<string, AggregatedVersion>();
  readonly #listeners: ((name: string) => void)[] = [];

  constructor(deps: InformerDeps) {
    this.#informer = new Informer(deps, APIService);
    this.#informer.onChange((type, service) => {
      const { name } = service.metadata;
      const version = type === 'DELETED' ? undefined : aggregatedVersion(service);
      const key = keyOf(groupAndVersion(name));
      if (version) this.#versions.set(key, version);
      else this.#versions.delete(key);
      for (const listener of this.#listeners) listener(name);
    });
  }

  /** Resolves when all that there is is known. */
  async start(): Promise<void> {
    this.#informer.start();
    await this.#informer.synced;
  }

  stop(): void {
    this.#informer.stop();
  }

  get hasSynced(): boolean {
    return this.#informer.hasSynced;
  }

  /** Called with the name of every APIService that comes, changes or goes. */
  onChange(listener: (name: string) => void): void {
    this.#listeners.push(listener);
  }

  get(name: string): APIService | undefined {
    return this.#informer.get(name);
  }

  list(): APIService[] {
    return this.#informer.list();
  }

  /** Those that other servers answer for. */
  get aggregated(): AggregatedVersion[] {
    return [...this.#versions.values()];
  }

  /** How many other servers answer for. */
  get size(): number {
    return this.#versions.size;
  }

  find(group: string, version: string): AggregatedVersion | undefined {
    return this.#versions.size === 0 ? undefined : this.#versions.get(keyOf({ group, version }));
  }
}

function keyOf({ group, version }: { group: string; version: string }): string {
  return `${group}/${version}`;
}

/** `v1.apps` → apps and v1; validation holds names to that. */
export function groupAndVersion(name: string): { group: string; version: string } {
  const dot = name.indexOf('.');
  return { version: name.slice(0, dot), group: name.slice(dot + 1) };
}

/** Undefined for what this server answers for itself. */
function aggregatedVersion({ metadata: { name }, spec, status }: APIService): AggregatedVersion | undefined {
  const { group, version } = groupAndVersion(name);
  if (!spec.service || group === registrationGroup) return undefined;
  const { namespace = '', name: service = '', port = 443 } = spec.service;
  return {
    name,
    group,
    version,
    service: { namespace, name: service, port },
    caBundle: spec.caBundle ? Buffer.from(spec.caBundle, 'base64').toString('utf8') : undefined,
    isInsecure: spec.insecureSkipTLSVerify ?? false,
    isAvailable: availability(status)?.status === 'True',
  };
}

export function availability(status: apiregistrationV1.APIServiceStatus | undefined): apiregistrationV1.APIServiceCondition | undefined {
  return status?.conditions?.find(({ type }) => type === 'Available');
}
