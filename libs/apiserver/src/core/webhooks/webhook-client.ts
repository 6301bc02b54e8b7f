// Calls of webhooks: JSON there and back within a time that covers everything from dialling to the last byte. An answer is bounded in
// size, and leads nowhere else: redirects are answers like others, as they would let a webhook choose what this server asks.
import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { parseJson } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import { KeptConnections } from './kept-connections.ts';
import { dialTcp, type ServiceConnections } from './service-connections.ts';
import { secured } from './tls-connection.ts';
import { type Endpoint, endpointOf, type WebhookAddress } from './webhook-address.ts';
import { answeredError, WebhookCallError } from './webhook-call-error.ts';

const answerBytesMax = 3 * 1024 * 1024;
const deadlineExceeded = 'context deadline exceeded';

export interface CallOptions {
  timeoutMs: number;
  /** Of the request that the call is made for. */
  signal?: AbortSignal | undefined;
}

export interface WebhookClientOptions {
  connections: Pick<ServiceConnections, 'connect'>;
  clock: Clock;
}

interface Answered {
  message: IncomingMessage;
  text: string;
}

export class WebhookClient {
  readonly #options: WebhookClientOptions;
  readonly #kept: KeptConnections;

  constructor(options: WebhookClientOptions) {
    this.#options = options;
    this.#kept = new KeptConnections(options.clock);
  }

  /** POSTs JSON and returns the JSON of the answer. @throws WebhookCallError for whatever keeps it from that */
  async call(address: WebhookAddress, body: unknown, { timeoutMs, signal }: CallOptions): Promise<unknown> {
    const endpoint = endpointOrError(address, timeoutMs);
    const ending = new AbortController();
    const timer = this.#options.clock.after(timeoutMs, () => ending.abort(new Error(deadlineExceeded)));
    const onAbort = () => ending.abort(new Error('context canceled'));
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return parsed(await this.#exchange(address, endpoint, Buffer.from(JSON.stringify(body)), ending.signal));
    } catch (error) {
      if (error instanceof WebhookCallError) throw error;
      const cause = ending.signal.aborted ? ending.signal.reason : error;
      const canceled = signal?.aborted ?? false;
      const doing = error instanceof BodyError ? error.message : `Post ${JSON.stringify(endpoint.url)}`;
      throw new WebhookCallError(`${doing}: ${problemOf(cause)}`, { cause, canceled });
    } finally {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  close(): void {
    this.#kept.close();
  }

  /** A kept connection may have ended unnoticed: then the same once more over a new one. */
  async #exchange(address: WebhookAddress, endpoint: Endpoint, body: Buffer, signal: AbortSignal): Promise<Answered> {
    const key = JSON.stringify([endpoint.service, endpoint.host, address.caBundle]);
    const agent = this.#kept.agent(key, (dialling) => this.#dial(address, endpoint, dialling));
    try {
      return await exchange({ endpoint, body, signal, agent });
    } catch (error) {
      if (!(error instanceof LostConnection)) throw error;
    }
    const stream = await this.#dial(address, endpoint, signal);
    return exchange({ endpoint, body, signal, createConnection: () => stream }).finally(() => stream.destroy());
  }

  async #dial({ caBundle }: WebhookAddress, { service, serverName, port }: Endpoint, signal: AbortSignal): Promise<Duplex> {
    const { connections } = this.#options;
    const stream = service
      ? (await connections.connect(service.namespace, service.name, port, signal)).stream
      : await dialTcp(serverName, port, signal);
    const ca = caBundle ? Buffer.from(caBundle, 'base64').toString() : undefined;
    return secured(stream, { ca, serverName }, signal);
  }
}

/** A kept connection was over before it brought any answer. */
class LostConnection extends Error {}

interface Exchange {
  endpoint: Endpoint;
  body: Buffer;
  signal: AbortSignal;
  agent?: Agent;
  createConnection?: () => Duplex;
}

function exchange({ endpoint, body, signal, ...connection }: Exchange): Promise<Answered> {
  const { host, path } = endpoint;
  const headers = {
    host,
    'user-agent': 'kube-apiserver-admission',
    accept: 'application/json, */*',
    'content-type': 'application/json',
    'content-length': body.length,
  };
  return new Promise((resolve, reject) => {
    // A request hears of it only once it has a connection.
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    const request = httpRequest({ method: 'POST', path, headers, signal, ...connection });
    request.on('response', (message) => textOf(message).then((text) => resolve({ message, text }), reject));
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') return reject(error);
      reject(request.reusedSocket ? new LostConnection() : new Error('EOF', { cause: error }));
    });
    request.end(body);
  });
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > answerBytesMax) throw new Error('http: response body too large');
      chunks.push(chunk);
    }
  } catch (error) {
    throw new BodyError('unexpected error when reading response body. Please retry. Original error', { cause: error });
  }
  return Buffer.concat(chunks).toString();
}

/** Told without the request that it answers, as client-go does; what it was is its cause. */
class BodyError extends Error {}

function problemOf(error: unknown): string {
  const { message, code } = (error instanceof BodyError ? error.cause : error) as NodeJS.ErrnoException;
  return code === 'ECONNRESET' ? 'unexpected EOF' : message;
}

function parsed({ message, text }: Answered): unknown {
  const { statusCode: code = 0, headers } = message;
  const type = headers['content-type'];
  if (code < 200 || code > 206) throw answeredError(code, type === undefined || type.startsWith('text/') ? text : undefined);
  if (text === '') {
    throw new WebhookCallError(`0-length response with status code: ${code} and content type: ${type ?? ''}`);
  }
  try {
    return parseJson(text);
  } catch (error) {
    throw new WebhookCallError((error as Error).message, { cause: error });
  }
}

function endpointOrError(address: WebhookAddress, timeoutMs: number): Endpoint {
  try {
    return endpointOf(address, timeoutMs);
  } catch (error) {
    throw new WebhookCallError((error as Error).message, { cause: error });
  }
}
