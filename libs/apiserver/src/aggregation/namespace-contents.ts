// What other servers have in a namespace that is being deleted: it is deleted there as well, and the namespace waits until they say that
// nothing is left, or are not part of the API any more. Looked at in the background, so that whoever asks has an answer at once.
import { isRecord } from '@berth/machinery';
import type { Clock, Logger } from '@berth/telemetry';
import type { User } from '../core/types.ts';
import type { AggregatedVersion, ApiServiceTable } from './api-service-table.ts';
import { versionPath } from './availability-check.ts';
import type { FarDiscovery } from './far-discovery.ts';
import { type FarServers, parsedDocument } from './far-servers.ts';
import type { DiscoveredResource } from './resource-documents.ts';

const againMs = 2_000;
/** One that nobody asks about any more is gone. */
const forgottenMs = 60_000;
const timeoutMs = 30_000;

/** As which Kubernetes' controller does it, and with its rights. */
const namespaceController: User = {
  name: 'system:serviceaccount:kube-system:namespace-controller',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
};

export interface FurtherContents {
  /** Versions of groups that did not say what they have: `group/version`. */
  undiscovered: string[];
  /** What could not be deleted, and why. */
  failures: string[];
  remaining: { resource: string; count: number; finalizers: string[] }[];
}

interface Looked {
  contents: FurtherContents | undefined;
  atMs: number;
  isLooking: boolean;
}

export interface NamespaceContentsOptions {
  table: ApiServiceTable;
  discovery: FarDiscovery;
  servers: FarServers;
  clock: Clock;
  logger: Logger;
}

export class NamespaceContents {
  readonly #options: NamespaceContentsOptions;
  readonly #looked = new Map<string, Looked>();
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(options: NamespaceContentsOptions) {
    this.#options = options;
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the server is stopping'));
    await Promise.all(this.#running);
  }

  /** Of a namespace that is being deleted; `contents` is undefined until all have been asked. Undefined when there are no other servers. */
  of(namespace: string): { contents: FurtherContents | undefined } | undefined {
    const { table, clock } = this.#options;
    if (table.size === 0) return undefined;
    const nowMs = clock.monotonicMs();
    for (const [name, { atMs, isLooking }] of this.#looked) if (!isLooking && nowMs - atMs > forgottenMs) this.#looked.delete(name);
    const known = this.#looked.get(namespace) ?? { contents: undefined, atMs: Number.NEGATIVE_INFINITY, isLooking: false };
    this.#looked.set(namespace, known);
    if (!known.isLooking && nowMs - known.atMs >= againMs && !this.#stopping.signal.aborted) this.#look(namespace, known);
    return { contents: known.contents };
  }

  #look(namespace: string, looked: Looked): void {
    looked.isLooking = true;
    const work: Promise<void> = this.#emptied(namespace)
      .then((contents) => {
        looked.contents = contents;
      })
      .finally(() => {
        looked.isLooking = false;
        looked.atMs = this.#options.clock.monotonicMs();
        this.#running.delete(work);
      });
    this.#running.add(work);
  }

  async #emptied(namespace: string): Promise<FurtherContents> {
    const contents: FurtherContents = { undiscovered: [], failures: [], remaining: [] };
    await Promise.all(this.#options.table.aggregated.map((target) => this.#emptyVersion(namespace, target, contents)));
    contents.undiscovered.sort();
    contents.failures.sort();
    return contents;
  }

  async #emptyVersion(namespace: string, target: AggregatedVersion, contents: FurtherContents): Promise<void> {
    const { resources, freshness } = this.#options.discovery.of(target.name);
    if (freshness === 'Stale') contents.undiscovered.push(`${target.group}/${target.version}`);
    for (const resource of resources) {
      if (resource.scope !== 'Namespaced' || !resource.verbs.includes('delete') || !resource.verbs.includes('list')) continue;
      const name = `${resource.resource}.${target.group}`;
      try {
        const left = await this.#emptyResource(namespace, target, resource);
        if (left.length > 0)
          contents.remaining.push({ resource: name, count: left.length, finalizers: left.flatMap(({ finalizers }) => finalizers) });
      } catch (error) {
        const { message } = error as Error;
        contents.failures.push(`unexpected error deleting content of ${name}: ${message}`);
        if (!this.#stopping.signal.aborted) this.#options.logger.debug('another server did not delete', { namespace, name, error });
      }
    }
  }

  /** What is left of it. @throws Error when its server does not say */
  async #emptyResource(namespace: string, target: AggregatedVersion, resource: DiscoveredResource): Promise<Listed[]> {
    const path = `${versionPath(target)}/namespaces/${namespace}/${encodeURIComponent(resource.resource)}`;
    const found = await this.#list(target, path);
    if (found.length === 0) return [];
    const waiting = found.filter(({ isBeingDeleted }) => !isBeingDeleted);
    if (resource.verbs.includes('deletecollection')) {
      if (waiting.length > 0) await this.#delete(target, path);
    } else {
      for (const { name } of waiting) await this.#delete(target, `${path}/${encodeURIComponent(name)}`);
    }
    return this.#list(target, path);
  }

  async #list(target: AggregatedVersion, path: string): Promise<Listed[]> {
    const { status, body } = await this.#ask(target, 'GET', path);
    // A resource that cannot be had in a namespace, whatever was said of it.
    if (status === 404 || status === 405) return [];
    if (status !== 200) throw new Error(`${path} answered ${status}`);
    const { items } = parsedDocument(body);
    return Array.isArray(items) ? items.filter(isRecord).map(listed) : [];
  }

  async #delete(target: AggregatedVersion, path: string): Promise<void> {
    const { status } = await this.#ask(target, 'DELETE', `${path}?propagationPolicy=Background`);
    // Somebody else was faster.
    if (status >= 300 && status !== 404 && status !== 409) throw new Error(`deletion of ${path} answered ${status}`);
  }

  #ask(target: AggregatedVersion, method: 'GET' | 'DELETE', path: string) {
    const { signal } = this.#stopping;
    const options = { method, user: namespaceController, timeoutMs, signal, headers: { accept: 'application/json' } };
    return this.#options.servers.ask(target, path, options);
  }
}

interface Listed {
  name: string;
  isBeingDeleted: boolean;
  finalizers: string[];
}

/** Of an object that may be anything. */
function listed({ metadata }: Record<string, unknown>): Listed {
  const { name, deletionTimestamp, finalizers } = isRecord(metadata) ? metadata : {};
  return {
    name: typeof name === 'string' ? name : '',
    isBeingDeleted: typeof deletionTimestamp === 'string',
    finalizers: Array.isArray(finalizers) ? finalizers.filter((one) => typeof one === 'string') : [],
  };
}
