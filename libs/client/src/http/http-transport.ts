// HTTPS requests to one API server over kept-alive connections; failures come back as StatusErrors.
import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream/promises';
import type { SecureContextOptions } from 'node:tls';
import { isRecord, parseJson, type Status, StatusError } from '@berth/machinery';
import { WebSocket } from 'ws';
import type { Connection } from './kubeconfig.ts';

const socketsMax = 256;
const answerBytesMax = 512 * 2 ** 20;

export interface HttpCall {
  method: string;
  /** With the query. */
  path: string;
  contentType?: string;
  body?: string;
  signal?: AbortSignal;
}

/** What is no call of the API: bytes as they are, or pieces that go out as they come. */
export interface RawCall extends Omit<HttpCall, 'body'> {
  headers?: Record<string, string>;
  body?: string | Uint8Array | AsyncIterable<Uint8Array>;
}

/** A way to one API server. */
export interface Transport {
  /** The answer's body is still to be read. @throws StatusError for every answer that is not a success */
  open(call: HttpCall): Promise<IncomingMessage>;
  /** Where there is more than the API. @throws as `open` */
  send?(call: RawCall): Promise<IncomingMessage>;
  /** @param opened called before anything can have come over it @throws as `open` */
  connect?<T>(path: string, protocol: string, opened: (socket: WebSocket) => T): Promise<T>;
  close(): void;
}

type TlsOptions = Pick<SecureContextOptions, 'ca' | 'cert' | 'key'>;

export class HttpTransport implements Transport {
  readonly #url: URL;
  /** For servers behind a path, such as a proxy's; without a slash at the end. */
  readonly #base: string;
  readonly #headers: Record<string, string>;
  readonly #request: typeof httpsRequest;
  readonly #agent: HttpAgent;
  readonly #tls: TlsOptions;
  readonly #tokenFile: string | undefined;

  constructor(connection: Connection) {
    this.#url = new URL(connection.server);
    this.#base = this.#url.pathname.replace(/\/+$/, '');
    const secure = this.#url.protocol === 'https:';
    const pool = { keepAlive: true, maxSockets: socketsMax };
    this.#request = secure ? httpsRequest : httpRequest;
    this.#tls = { ca: connection.certificateAuthority, cert: connection.clientCertificate, key: connection.clientKey };
    this.#agent = secure ? new HttpsAgent({ ...pool, ...this.#tls }) : new HttpAgent(pool);
    this.#tokenFile = connection.tokenFile;
    this.#headers = { accept: 'application/json', ...(connection.token && { authorization: `Bearer ${connection.token}` }) };
  }

  close(): void {
    this.#agent.destroy();
  }

  async open(call: HttpCall): Promise<IncomingMessage> {
    return successful(await this.#send(call));
  }

  async send(call: RawCall): Promise<IncomingMessage> {
    return successful(await this.#send(call));
  }

  /** On a connection of its own. */
  async connect<T>(path: string, protocol: string, opened: (socket: WebSocket) => T): Promise<T> {
    const url = `${this.#url.protocol === 'https:' ? 'wss' : 'ws'}://${this.#url.host}${this.#base}${path}`;
    const socket = new WebSocket(url, [protocol], { ...this.#tls, headers: await this.#identity(), perMessageDeflate: false });
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(opened(socket.off('error', reject))));
      socket.once('error', reject);
      socket.once('unexpected-response', (_request, response) => successful(response).then(() => socket.terminate(), reject));
    });
  }

  async #identity(): Promise<Record<string, string>> {
    if (this.#tokenFile === undefined) return this.#headers;
    return { ...this.#headers, authorization: `Bearer ${(await readFile(this.#tokenFile, 'utf8')).trim()}` };
  }

  async #send({ method, path, contentType, headers: more, body, signal }: RawCall): Promise<IncomingMessage> {
    const headers = {
      ...(await this.#identity()),
      ...(body !== undefined && { 'content-type': contentType ?? 'application/json' }),
      ...((typeof body === 'string' || body instanceof Uint8Array) && { 'content-length': Buffer.byteLength(body) }),
      ...more,
    };
    return new Promise((resolve, reject) => {
      const { protocol, port } = this.#url;
      // The brackets of an IPv6 address belong to the URL only.
      const hostname = this.#url.hostname.replace(/^\[(.*)\]$/, '$1');
      const options = { protocol, hostname, port, path: this.#base + path, method, headers, agent: this.#agent, ...(signal && { signal }) };
      const request = this.#request(options, resolve).on('error', reject);
      if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) request.end(body);
      else pipeline(body, request).catch(reject);
    });
  }
}

/** @throws StatusError for every answer that is not a success */
export async function successful(response: IncomingMessage): Promise<IncomingMessage> {
  const code = response.statusCode ?? 0;
  if (code >= 200 && code < 300) return response;
  throw failure(code, await collect(response));
}

/** The whole body. */
export async function collect(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) throw new Error(`the answer is longer than ${answerBytesMax} bytes; ask for it in pages`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function failure(code: number, body: string): StatusError {
  const status = statusIn(body);
  return status ? StatusError.from(status) : new StatusError(code, 'Unknown', `HTTP ${code}: ${body.slice(0, 500)}`);
}

function statusIn(body: string): Status | undefined {
  if (!body.startsWith('{')) return undefined;
  try {
    const value = parseJson(body);
    return isRecord(value) && value.kind === 'Status' ? (value as unknown as Status) : undefined;
  } catch (error) {
    // What a proxy says in braces is shown as it is.
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}
