// Requests to the API this page came from, with the viewer's token in a header and nowhere else.
import type { WriteRequest } from '../model/actions/action.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';

export type { KubernetesObject };

export interface ObjectList {
  metadata: { resourceVersion?: string; continue?: string };
  items: KubernetesObject[];
}

/** A cause that a Status gives, with the field that it is about. */
export interface StatusCause {
  field?: string;
  message?: string;
}

/** What the API answered instead, or code 0 when it could not be reached. */
export class ApiError extends Error {
  readonly code: number;
  readonly causes: StatusCause[];

  constructor(code: number, message: string, causes: StatusCause[] = []) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.causes = causes;
  }
}

export interface Written {
  object: unknown;
  /** What the API said beside it. */
  warnings: string[];
}

/** What watching needs of the API. */
export interface ListWatchApi {
  list(path: string, query: Record<string, string>, signal: AbortSignal, accept?: string): Promise<ObjectList>;
  /** First an empty text, once the answer has begun; then text as it arrives. */
  stream(path: string, query: Record<string, string>, signal: AbortSignal, accept?: string): AsyncIterable<string>;
}

export class ApiClient implements ListWatchApi {
  readonly #token: () => string;
  readonly #onUnauthorized: () => void;

  /** @param token as it is now: it may be refreshed while one is logged in */
  constructor(token: () => string, onUnauthorized: () => void) {
    this.#token = token;
    this.#onUnauthorized = onUnauthorized;
  }

  list(path: string, query: Record<string, string>, signal?: AbortSignal, accept?: string): Promise<ObjectList> {
    return this.getJson<ObjectList>(path, query, signal, accept);
  }

  async getJson<T>(path: string, query: Record<string, string> = {}, signal?: AbortSignal, accept?: string): Promise<T> {
    const response = await this.#fetch(path, query, { signal, accept });
    return (await response.json()) as T;
  }

  /** @param query e.g. `dryRun=All`, and then nothing is changed */
  async write({ method, path, contentType, body }: WriteRequest, query: Record<string, string> = {}): Promise<Written> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body), contentType: contentType ?? 'application/json' };
    const response = await this.#fetch(path, query, { method, ...sent });
    return { object: await response.json(), warnings: warningsOf(response) };
  }

  /** A browser's WebSocket cannot have headers: the token is one of the protocols that it offers. */
  openSocket(path: string, protocol: string): WebSocket {
    const token = btoa(this.#token()).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    const url = new URL(path, location.href);
    url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
    return new WebSocket(url, [protocol, `base64url.bearer.authorization.k8s.io.${token}`]);
  }

  /** Asks for the same without a WebSocket, as browsers keep to themselves what a server answers to one. */
  async refusal(path: string): Promise<string> {
    const request = { headers: { authorization: `Bearer ${this.#token()}` }, cache: 'no-store' } as const;
    const response = await fetch(path, request).catch(() => undefined);
    if (!response) return 'the control plane cannot be reached';
    if (response.status === 401) this.#onUnauthorized();
    const { code, message } = await failureOf(response);
    // The answer to whoever may, and asks for no WebSocket.
    return code === 400 && message.includes('Upgrade request required') ? 'The connection broke before it was open.' : message;
  }

  async *stream(path: string, query: Record<string, string>, signal: AbortSignal, accept?: string): AsyncIterable<string> {
    const { body } = await this.#fetch(path, query, { signal, accept });
    yield '';
    if (!body) return;
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        yield value;
      }
    } finally {
      // The reader may already have failed, which whoever reads was told.
      await reader.cancel().catch(() => undefined);
    }
  }

  async #fetch(path: string, query: Record<string, string>, { signal, accept, method, body, contentType }: Asked): Promise<Response> {
    // Browsers get indented JSON unless they ask for none.
    const url = `${path}?${new URLSearchParams({ ...query, pretty: 'false' })}`;
    const headers = {
      authorization: `Bearer ${this.#token()}`,
      accept: accept ?? 'application/json',
      ...(contentType && { 'content-type': contentType }),
    };
    const request = { method: method ?? 'GET', headers, signal: signal ?? null, body: body ?? null, cache: 'no-store' } as const;
    const response = await fetch(url, request).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw new ApiError(0, 'the control plane cannot be reached');
    });
    if (response.ok) return response;
    if (response.status === 401) this.#onUnauthorized();
    throw await failureOf(response);
  }
}

interface Asked {
  signal?: AbortSignal | undefined;
  accept?: string | undefined;
  method?: string;
  body?: string;
  contentType?: string;
}

async function failureOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const { message, details } = JSON.parse(text) as { message?: string; details?: { causes?: StatusCause[] } };
    return new ApiError(response.status, message ?? text, details?.causes);
  } catch (error) {
    if (error instanceof SyntaxError) return new ApiError(response.status, text || `the API answered ${response.status}`);
    throw error;
  }
}

/** As RFC 7234 writes them: `299 - "text"`, several of them with commas between. */
function warningsOf(response: Response): string[] {
  const text = response.headers.get('warning') ?? '';
  return [...text.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, words = '']) => words.replace(/\\(.)/g, '$1'));
}
