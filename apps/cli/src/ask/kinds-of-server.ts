// The kind of an object: Berth's own, else what the server's discovery says.
import { kinds, kindViews } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';

interface DiscoveredResource {
  name: string;
  kind: string;
  namespaced: boolean;
}

export class KindsOfServer {
  readonly #client: HttpClient;
  readonly #discovered = new Map<string, Promise<DiscoveredResource[]>>();

  constructor(client: HttpClient) {
    this.#client = client;
  }

  async of({ apiVersion, kind }: KubeObject): Promise<KindDefinition | undefined> {
    const slash = apiVersion.indexOf('/');
    const [group, version] = slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
    const own = [...kinds, ...kindViews].find((one) => one.group === group && one.version === version && one.kind === kind);
    if (own) return own;
    const found = (await this.#resources(apiVersion)).find((resource) => resource.kind === kind && !resource.name.includes('/'));
    // As much of a definition as a client over HTTP reads.
    return found && ({ group, version, kind, plural: found.name, namespaced: found.namespaced } as KindDefinition);
  }

  #resources(apiVersion: string): Promise<DiscoveredResource[]> {
    const known = this.#discovered.get(apiVersion) ?? this.#ask(apiVersion);
    this.#discovered.set(apiVersion, known);
    return known;
  }

  async #ask(apiVersion: string): Promise<DiscoveredResource[]> {
    if (!apiVersion.includes('/')) return [];
    try {
      const path = `/apis/${apiVersion.split('/').map(encodeURIComponent).join('/')}`;
      return (JSON.parse(await this.#client.text(path)) as { resources: DiscoveredResource[] }).resources;
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return [];
      throw error;
    }
  }
}
