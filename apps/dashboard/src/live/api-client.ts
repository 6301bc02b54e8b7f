// Requests to the API this page came from, with the viewer's token in a header and nowhere else.
import type { ObjectMeta } from '@berth/api';

export interface KubernetesObject {
  kind?: string;
  apiVersion?: string;
  metadata: ObjectMeta;
}

export interface ObjectList {
  metadata: { resourceVersion?: string; continue?: string };
  items: KubernetesObject[];
}

/** What the API answered instead, or code 0 when it could not be reached. */
export class ApiError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
  }
}

/** What watching needs of the API. */
export interface ListWatchApi {
  list(path: string, query: Record<string, string>, signal: AbortSignal): Promise<ObjectList>;
  /** First an empty text, once the answer has begun; then text as it arrives. */
  stream(path: string, query: Record<string, string>, signal: AbortSignal): AsyncIterable<string>;
}

export class ApiClient implements ListWatchApi {
  readonly #token: string;
  readonly #onUnauthorized: () => void;

  constructor(token: string, onUnauthorized: () => void) {
    this.#token = token;
    this.#onUnauthorized = onUnauthorized;
  }

  list(path: string, query: Record<string, string>, signal?: AbortSignal): Promise<ObjectList> {
    return this.getJson<ObjectList>(path, query, signal);
  }

  async getJson<T>(path: string, query: Record<string, string> = {}, signal?: AbortSignal): Promise<T> {
    const response = await this.#fetch(path, query, signal);
    return (await response.json()) as T;
  }

  async *stream(path: string, query: Record<string, string>, signal: AbortSignal): AsyncIterable<string> {
    const { body } = await this.#fetch(path, query, signal);
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

  async #fetch(path: string, query: Record<string, string>, signal?: AbortSignal): Promise<Response> {
    // Browsers get indented JSON unless they ask for none.
    const url = `${path}?${new URLSearchParams({ ...query, pretty: 'false' })}`;
    const request = { headers: { authorization: `Bearer ${this.#token}`, accept: 'application/json' }, signal, cache: 'no-store' } as const;
    const response = await fetch(url, request).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw new ApiError(0, 'the control plane cannot be reached');
    });
    if (response.ok) return response;
    if (response.status === 401) this.#onUnauthorized();
    throw new ApiError(response.status, await failureText(response));
  }
}

async function failureText(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { message } = JSON.parse(text) as { message?: string };
    return message ?? text;
  } catch (error) {
    if (error instanceof SyntaxError) return text || `the API answered ${response.status}`;
    throw error;
  }
}
