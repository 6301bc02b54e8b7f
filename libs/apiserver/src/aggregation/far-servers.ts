// Requests to servers that extend the API: a connection to a ready endpoint of their service, TLS with this server's certificate as front
// proxy, and the user in headers. What they answer is bounded in size and in time.
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { isRecord, StatusError } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import type { User } from '../core/types.ts';
import { FarRequest, KeptConnections, type PassedRequest, secured } from '../core/webhooks/index.ts';
import type { AggregatedVersion } from './api-service-table.ts';
import { userHeaders } from './user-headers.ts';

/** As Kubernetes' aggregator asks for documents. */
const aggregatorUser: User = { name: 'system:kube-aggregator', groups: ['system:masters'] };

/** Documents that are longer are not taken: those of Kubernetes itself have some 2 MB. */
const documentBytesMax = 32 * 1024 * 1024;

export interface FarServersOptions {
  connections: {
    connect(namespace: string, name: string, port: number, signal?: AbortSignal): Promise<{ stream: Duplex; host: string }>;
  };
  /** PEM. */
  credentials(): Promise<{ certificate: string; key: string }>;
  clock: Clock;
}

export interface FarRequestOptions extends PassedRequest {
  /** Whether any certificate will do: for questions whose answers nobody relies on. */
  trustsAny?: boolean;
}

export interface FarDocument {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** All that a connection depends on. */
interface Way {
  namespace: string;
  name: string;
  port: number;
  ca: string | undefined;
  isInsecure: boolean;
  own: { certificate: string; key: string };
}

export class FarServers {
  readonly #options: FarServersOptions;
  readonly #kept: KeptConnections;

  constructor(options: FarServersOptions) {
    this.#options = options;
    this.#kept = new KeptConnections(options.clock);
  }

  stop(): void {
    this.#kept.close();
  }

  /** Closed when the signal aborts. @throws Error that says why there is no way to it */
  async request(target: AggregatedVersion, options: FarRequestOptions): Promise<FarRequest> {
    const { method, path, headers, signal, trustsAny = false, keeps = false } = options;
    const own = await this.#options.credentials();
    const way: Way = { ...target.service, ca: target.caBundle, isInsecure: trustsAny || target.isInsecure, own };
    const serverName = serverNameOf(way);
    const through = keeps ? this.#kept.agent(JSON.stringify(way), (dialling) => this.#dial(way, dialling)) : await this.#dial(way, signal);
    const far = new FarRequest(through, { method, path, headers: { host: serverName, ...headers }, secure: false });
    if (signal.aborted) far.close();
    else signal.addEventListener('abort', () => far.close(), { once: true });
    return far;
  }

  async #dial(way: Way, signal: AbortSignal): Promise<Duplex> {
    const { stream } = await this.#options.connections.connect(way.namespace, way.name, way.port, signal);
    return secured(stream, { ...way, serverName: serverNameOf(way) }, signal);
  }

  /** A whole document. @throws Error when there is none within the time, or it is too large */
  async ask(target: AggregatedVersion, path: string, options: AskOptions): Promise<FarDocument> {
    const { timeoutMs, method = 'GET', user = aggregatorUser, headers = {}, trustsAny = false } = options;
    const controller = new AbortController();
    const late = StatusError.timeout(`no answer within ${timeoutMs / 1000} s`);
    const timer = this.#options.clock.after(timeoutMs, () => controller.abort(late));
    const signal = options.signal ? AbortSignal.any([options.signal, controller.signal]) : controller.signal;
    try {
      const all = { ...headers, ...userHeaders(user) };
      return await orAborted(this.#document(target, { method, path, headers: all, signal, trustsAny }), signal);
    } finally {
      timer.cancel();
      controller.abort();
    }
  }

  async #document(target: AggregatedVersion, options: FarRequestOptions): Promise<FarDocument> {
    const far = await this.request(target, options);
    far.body.end();
    const { message, switched } = await far.answer;
    if (switched) throw new Error('it switched protocols unasked');
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of message as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > documentBytesMax) throw new Error(`its answer is longer than ${documentBytesMax} bytes`);
      chunks.push(chunk);
    }
    return { status: message.statusCode ?? 0, headers: message.headers, body: Buffer.concat(chunks) };
  }
}

function serverNameOf({ namespace, name }: Way): string {
  return `${name}.${namespace}.svc`;
}

export interface AskOptions {
  method?: 'GET' | 'DELETE';
  /** For whom; default the aggregator itself. */
  user?: User;
  timeoutMs: number;
  headers?: OutgoingHttpHeaders;
  trustsAny?: boolean;
  signal?: AbortSignal;
}

/** @throws Error for what is no JSON object */
export function parsedDocument(body: Buffer): Record<string, unknown> {
  const value: unknown = JSON.parse(body.toString('utf8'));
  if (!isRecord(value)) throw new Error('its answer is no JSON object');
  return value;
}

/** Who waits is let go at once, whatever part of the work notices last. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
