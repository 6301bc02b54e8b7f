// Which resources other servers have, in the aggregated form of discovery: asked for when an APIService changes and every minute, kept by
// service, and shown as stale while nobody answers. Who asks for discovery never waits for another server.
import type { InformerDeps } from '@berth/client';
import { type AggregatedVersion, type ApiServiceTable, groupAndVersion } from './api-service-table.ts';
import { versionPath } from './availability-check.ts';
import { type FarServers, parsedDocument } from './far-servers.ts';
import { type Outcome, Polling } from './polling.ts';
import { type DiscoveredResource, discoveredVersions, fromResourceList } from './resource-documents.ts';

const againMs = 60_000;
const timeoutMs = 5_000;
const accept = ['v2', 'v2beta1'].map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`).join(',');

export interface FarVersion {
  resources: DiscoveredResource[];
  freshness: 'Current' | 'Stale';
}

/** What a service said last, of all its versions. */
interface Document {
  versions: Map<string, DiscoveredResource[]>;
  etag: string | undefined;
}

export interface FarDiscoveryOptions extends InformerDeps {
  table: ApiServiceTable;
  servers: FarServers;
}

export class FarDiscovery {
  readonly #options: FarDiscoveryOptions;
  readonly #polling: Polling;
  readonly #documents = new Map<string, Document>();
  readonly #versions = new Map<string, FarVersion>();

  constructor(options: FarDiscoveryOptions) {
    this.#options = options;
    this.#polling = new Polling({ ...options, againMs, look: (name, signal) => this.#look(name, signal) });
  }

  stop(): Promise<void> {
    return this.#polling.stop();
  }

  /** Before the first answer, and while there is none, a version is there and has nothing. */
  of(name: string): FarVersion {
    return this.#versions.get(name) ?? { resources: [], freshness: 'Stale' };
  }

  async #look(name: string, signal: AbortSignal): Promise<Outcome> {
    const { group, version } = groupAndVersion(name);
    const target = this.#options.table.find(group, version);
    if (!target) {
      this.#versions.delete(name);
      this.#forgetUnused();
      return 'settled';
    }
    if (!target.isAvailable) {
      // Looked at again as soon as it is.
      this.#versions.set(name, { resources: [], freshness: 'Stale' });
      return 'settled';
    }
    try {
      this.#versions.set(name, { resources: await this.#resources(target, signal), freshness: 'Current' });
      return 'again';
    } catch (error) {
      this.#versions.set(name, { resources: [], freshness: 'Stale' });
      if (!signal.aborted) this.#options.logger.debug('another server did not say which resources it has', { name, error });
      return 'failed';
    }
  }

  /** @throws Error when the server does not say */
  async #resources(target: AggregatedVersion, signal: AbortSignal): Promise<DiscoveredResource[]> {
    const { group, version } = target;
    const known = this.#documents.get(serviceKey(target));
    const headers = { accept, ...(known?.etag && { 'if-none-match': known.etag }) };
    const { status, headers: answered, body } = await this.#options.servers.ask(target, '/apis', { timeoutMs, signal, headers });
    if (status === 304 && known) return known.versions.get(`${group}/${version}`) ?? [];
    if (status === 503) throw new Error(`service ${serviceKey(target)} returned non-success response code: ${status}`);
    if (status === 200 && isAggregated(answered['content-type'])) {
      const versions = discoveredVersions(parsedDocument(body));
      this.#documents.set(serviceKey(target), { versions, etag: answered.etag });
      return versions.get(`${group}/${version}`) ?? [];
    }
    return this.#fromList(target, signal);
  }

  /** Of a server that knows only the older form. */
  async #fromList(target: AggregatedVersion, signal: AbortSignal): Promise<DiscoveredResource[]> {
    const path = versionPath(target);
    const options = { timeoutMs, signal, headers: { accept: 'application/json' } };
    const { status, body } = await this.#options.servers.ask(target, path, options);
    if (status !== 200) throw new Error(`failed to download legacy discovery for ${path}: ${status}`);
    return fromResourceList(parsedDocument(body), target);
  }

  #forgetUnused(): void {
    const used = new Set(this.#options.table.aggregated.map(serviceKey));
    for (const key of this.#documents.keys()) if (!used.has(key)) this.#documents.delete(key);
  }
}

function serviceKey({ service: { namespace, name, port } }: AggregatedVersion): string {
  return `${namespace}/${name}:${port}`;
}

function isAggregated(contentType: string | undefined): boolean {
  return /;\s*g=apidiscovery\.k8s\.io/.test(contentType ?? '') && /as=APIGroupDiscoveryList/.test(contentType ?? '');
}
