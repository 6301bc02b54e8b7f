// The Client over HTTPS: for the command line, and for roles that run apart from the API.
import type { IncomingMessage } from 'node:http';
import { type KindDefinition, type KubeObject, type ObjectKey, parseJson, type Status, StatusError } from '@berth/machinery';
import type { Client, DeleteOptions, ListOptions, ObjectList, PatchType, WatchEvent, WatchOptions, WriteOptions } from '../client.ts';
import { collect, type HttpCall, HttpTransport, type RawCall, type Transport } from './http-transport.ts';
import type { Connection } from './kubeconfig.ts';
import { type ExecCall, type ExecSession, execInPod } from './pod-exec.ts';
import { linesOf } from './stream-lines.ts';

/** One watch event. */
const eventBytesMax = 64 * 2 ** 20;

const patchContentTypes: Record<PatchType, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

interface ListAnswer<T> {
  items: T[] | null;
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
}

export class HttpClient implements Client {
  readonly #transport: Transport;

  /** @param way a server, or who has a way to one */
  constructor(way: Connection | Transport) {
    this.#transport = 'open' in way ? way : new HttpTransport(way);
  }

  close(): void {
    this.#transport.close();
  }

  async get<T extends KubeObject>(kind: KindDefinition<T>, key: ObjectKey): Promise<T> {
    return (await this.#json({ method: 'GET', path: pathOf(kind, key) })) as T;
  }

  async list<T extends KubeObject>(kind: KindDefinition<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const { namespace, metadataOnly: _shown, ...query } = options;
    const answer = (await this.#json({ method: 'GET', path: pathOf(kind, { namespace }, query) })) as ListAnswer<T>;
    // Items of a list do not repeat what the list says.
    const type = { apiVersion: apiVersionOf(kind), kind: kind.kind };
    return { items: (answer.items ?? []).map((item) => ({ ...type, ...item })), ...answer.metadata };
  }

  async *watch<T extends KubeObject>(kind: KindDefinition<T>, options: WatchOptions = {}): AsyncGenerator<WatchEvent<T>> {
    const { namespace, signal, resourceVersion, metadataOnly: _shown, ...selectors } = options;
    if (signal?.aborted) return;
    const start =
      resourceVersion === undefined ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' as const } : { resourceVersion };
    const path = pathOf(kind, { namespace }, { ...selectors, ...start, watch: true, allowWatchBookmarks: true });
    let response: IncomingMessage | undefined;
    try {
      response = await this.#transport.open({ method: 'GET', path, ...(signal && { signal }) });
      for await (const line of linesOf(response as AsyncIterable<Uint8Array>, eventBytesMax)) yield eventOf<T>(line);
    } catch (error) {
      if (!signal?.aborted) throw error;
    } finally {
      response?.destroy();
    }
  }

  create<T extends KubeObject>(kind: KindDefinition<T>, object: NoInfer<T>, options: WriteOptions = {}): Promise<T> {
    return this.#write<T>('POST', pathOf(kind, { namespace: object.metadata.namespace }, writeQuery(options)), object);
  }

  update<T extends KubeObject>(
    kind: KindDefinition<T>,
    object: NoInfer<T>,
    options: WriteOptions & { subresource?: string } = {},
  ): Promise<T> {
    return this.#write<T>('PUT', pathOf(kind, object.metadata, writeQuery(options), options.subresource), object);
  }

  updateStatus<T extends KubeObject>(kind: KindDefinition<T>, object: NoInfer<T>, options: WriteOptions = {}): Promise<T> {
    return this.#write<T>('PUT', pathOf(kind, object.metadata, writeQuery(options), 'status'), object);
  }

  patch<T extends KubeObject>(
    kind: KindDefinition<T>,
    key: ObjectKey,
    type: PatchType,
    patch: unknown,
    options: WriteOptions & { subresource?: string } = {},
  ): Promise<T> {
    const { subresource, ...rest } = options;
    return this.#write<T>('PATCH', pathOf(kind, key, writeQuery(rest), subresource), patch, patchContentTypes[type]);
  }

  delete<T extends KubeObject>(kind: KindDefinition<T>, key: ObjectKey, options: DeleteOptions = {}): Promise<T> {
    const { dryRun, fieldManager: _manager, force: _force, ...body } = options;
    return this.#write<T>('DELETE', pathOf(kind, key, writeQuery({ dryRun })), { kind: 'DeleteOptions', apiVersion: 'v1', ...body });
  }

  createSubresource<T extends KubeObject>(kind: KindDefinition<T>, key: ObjectKey, subresource: string, body: unknown): Promise<unknown> {
    return this.#write('POST', pathOf(kind, key, {}, subresource), body);
  }

  /** The plain text of a path such as `/readyz`. */
  async text(path: string, signal?: AbortSignal): Promise<string> {
    return collect(await this.open(path, signal));
  }

  /** The answer of a path as it comes: whoever asks reads it to its end, or destroys it. @throws StatusError for every answer that is not a success */
  open(path: string, signal?: AbortSignal): Promise<IncomingMessage> {
    return this.#transport.open({ method: 'GET', path, ...(signal && { signal }) });
  }

  /** Whatever else a server understands, such as the API of its image registry. As `open`. */
  send(call: RawCall): Promise<IncomingMessage> {
    if (!this.#transport.send) throw new Error('this way leads to the API only');
    return this.#transport.send(call);
  }

  /** @throws StatusError where it may not be, or the pod is not there */
  exec(call: ExecCall): Promise<ExecSession> {
    return execInPod(call, (path, protocol, opened) => {
      if (!this.#transport.connect) throw new Error('this way leads to the API only');
      return this.#transport.connect(path, protocol, opened);
    });
  }

  /** The bytes of a path that may go on, such as a log that is followed. Ends when the server ends it or the signal aborts. */
  async *bytes(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    if (signal?.aborted) return;
    let response: IncomingMessage | undefined;
    try {
      response = await this.open(path, signal);
      yield* response as AsyncIterable<Uint8Array>;
    } catch (error) {
      if (!signal?.aborted) throw error;
    } finally {
      response?.destroy();
    }
  }

  async #json(call: HttpCall): Promise<unknown> {
    return parseJson(await collect(await this.#transport.open(call)));
  }

  async #write<T>(method: string, path: string, body: unknown, contentType?: string): Promise<T> {
    return (await this.#json({ method, path, body: JSON.stringify(body), ...(contentType && { contentType }) })) as T;
  }
}

type Query = Record<string, string | number | boolean | undefined>;

function writeQuery({ dryRun, fieldManager, force }: WriteOptions): Query {
  return { dryRun: dryRun ? 'All' : undefined, fieldManager, force };
}

function apiVersionOf({ group, version }: KindDefinition<never>): string {
  return group === '' ? version : `${group}/${version}`;
}

function pathOf<T extends KubeObject>(kind: KindDefinition<T>, key: Partial<ObjectKey>, query: Query = {}, subresource?: string): string {
  const parts = kind.group === '' ? ['api', kind.version] : ['apis', kind.group, kind.version];
  if (kind.namespaced && key.namespace) parts.push('namespaces', key.namespace);
  parts.push(kind.plural, ...(key.name ? [key.name] : []), ...(subresource ? [subresource] : []));
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, String(value)]]));
  const search = new URLSearchParams(given).toString();
  return `/${parts.map(encodeURIComponent).join('/')}${search && `?${search}`}`;
}

function eventOf<T extends KubeObject>(line: string): WatchEvent<T> {
  const { type, object } = parseJson(line) as { type: string; object: unknown };
  if (type === 'ERROR') throw StatusError.from(object as Status);
  if (type === 'BOOKMARK') return { type, resourceVersion: (object as KubeObject).metadata.resourceVersion ?? '' };
  return { type: type as 'ADDED' | 'MODIFIED' | 'DELETED', object: object as T };
}
