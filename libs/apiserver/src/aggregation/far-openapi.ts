// What other servers say in OpenAPI, version 3 by version of a group and version 2 as a whole: asked for in the background, kept until they
// say something else, and never waited for by those who ask for the documents of others.
import type { InformerDeps } from '@berth/client';
import { isRecord } from '@berth/machinery';
import { type AggregatedVersion, type ApiServiceTable, groupAndVersion } from './api-service-table.ts';
import { type FarServers, parsedDocument } from './far-servers.ts';
import { references, schemaOf } from './openapi-schemas.ts';
import { pathOf } from './ordered-groups.ts';
import { type Outcome, Polling } from './polling.ts';

const againMs = 60_000;
const timeoutMs = 10_000;

/** Of one version of a group. */
interface Described {
  /** What changes with the document: the hash in its server's index, else its entity tag. */
  hash: string;
  bytes: Buffer;
}

export interface OpenApiV2Part {
  definitions: Record<string, Record<string, unknown>>;
  paths: Record<string, unknown>;
}

export interface FarOpenApiOptions extends InformerDeps {
  table: ApiServiceTable;
  servers: FarServers;
}

export class FarOpenApi {
  readonly #options: FarOpenApiOptions;
  readonly #polling: Polling;
  readonly #third = new Map<string, Described>();
  readonly #second = new Map<string, { etag: string | undefined; part: OpenApiV2Part }>();

  constructor(options: FarOpenApiOptions) {
    this.#options = options;
    this.#polling = new Polling({ ...options, againMs, look: (name, signal) => this.#look(name, signal) });
  }

  stop(): Promise<void> {
    return this.#polling.stop();
  }

  /** `apis/group/version` → its hash and bytes, of all that is described. */
  get thirds(): Map<string, Described> {
    return new Map(
      this.#options.table.aggregated.flatMap((target) => {
        const described = this.#third.get(target.name);
        return described ? [[pathOf(target), described]] : [];
      }),
    );
  }

  get seconds(): OpenApiV2Part[] {
    return [...this.#second.values()].map(({ part }) => part);
  }

  async #look(name: string, signal: AbortSignal): Promise<Outcome> {
    const { group, version } = groupAndVersion(name);
    const target = this.#options.table.find(group, version);
    if (!target) {
      this.#third.delete(name);
      this.#second.delete(name);
      return 'settled';
    }
    // Its last documents stay: what they describe is still what there is.
    if (!target.isAvailable) return 'again';
    const results = await Promise.allSettled([this.#describeThird(target, signal), this.#describeSecond(target, signal)]);
    const failures = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason);
    if (failures.length === 0 || signal.aborted) return 'again';
    this.#options.logger.debug('another server’s OpenAPI could not be read', { name, error: failures[0] });
    return 'failed';
  }

  async #describeThird(target: AggregatedVersion, signal: AbortSignal): Promise<void> {
    const known = this.#third.get(target.name);
    const url = await this.#documentUrl(target, signal);
    // A server need not have the third version.
    if (url === undefined) return void this.#third.delete(target.name);
    const hash = /[?&]hash=([^&]+)/.exec(url)?.[1];
    if (hash !== undefined && hash === known?.hash) return;
    const headers = { accept: 'application/json', ...(hash === undefined && known && { 'if-none-match': known.hash }) };
    const { status, headers: answered, body } = await this.#options.servers.ask(target, url, { timeoutMs, signal, headers });
    if (status === 304 && known) return;
    if (status !== 200) throw new Error(`bad status from ${url}: ${status}`);
    parsedDocument(body);
    this.#third.set(target.name, { hash: hash ?? answered.etag ?? '', bytes: body });
  }

  /** Where its server says the document is; undefined where it says nothing of it. */
  async #documentUrl(target: AggregatedVersion, signal: AbortSignal): Promise<string | undefined> {
    const options = { timeoutMs, signal, headers: { accept: 'application/json' } };
    const { status, body } = await this.#options.servers.ask(target, '/openapi/v3', options);
    if (status === 404 || status === 403) return undefined;
    if (status !== 200) throw new Error(`bad status from /openapi/v3: ${status}`);
    const { paths } = parsedDocument(body);
    const entry = isRecord(paths) ? paths[pathOf(target)] : undefined;
    const url = isRecord(entry) ? entry.serverRelativeURL : undefined;
    // Nowhere but on that server, and nothing that could not be written in a request.
    return typeof url === 'string' && /^\/openapi\/v3\/[\x21-\x7e]+$/.test(url) ? url : undefined;
  }

  async #describeSecond(target: AggregatedVersion, signal: AbortSignal): Promise<void> {
    const known = this.#second.get(target.name);
    const headers = { accept: 'application/json', ...(known?.etag && { 'if-none-match': known.etag }) };
    const { status, headers: answered, body } = await this.#options.servers.ask(target, '/openapi/v2', { timeoutMs, signal, headers });
    if (status === 304 && known) return;
    if (status === 404 || status === 403) return void this.#second.delete(target.name);
    if (status !== 200) throw new Error(`bad status from /openapi/v2: ${status}`);
    this.#second.set(target.name, { etag: answered.etag, part: partOf(parsedDocument(body), target) });
  }
}

const gvk = 'x-kubernetes-group-version-kind';

/** Of a whole document, what is about the version, with all that it refers to. */
function partOf(document: Record<string, unknown>, target: AggregatedVersion): OpenApiV2Part {
  const { definitions, paths } = document;
  const all = isRecord(definitions) ? definitions : {};
  const kept = new Map<string, Record<string, unknown>>();
  const waiting = Object.keys(all).filter((name) => isAbout(all[name], target));
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const definition = all[name];
    if (kept.has(name) || !isRecord(definition)) continue;
    const readable = schemaOf(definition);
    kept.set(name, readable);
    waiting.push(...references(readable));
  }
  const own = Object.entries(isRecord(paths) ? paths : {}).filter(([path]) => path.startsWith(`/${pathOf(target)}/`));
  return { definitions: Object.fromEntries(kept), paths: Object.fromEntries(own) };
}

function isAbout(definition: unknown, { group, version }: AggregatedVersion): boolean {
  const kinds: unknown = isRecord(definition) ? definition[gvk] : undefined;
  return Array.isArray(kinds) && kinds.some((kind) => isRecord(kind) && kind.group === group && kind.version === version);
}
