// Keeps the objects of one source as the API has them: lists, then watches from there; resumes after a broken connection and
// lists again only when the past is gone (410). What it holds is always a state that there was, as old as `state` says.
import { ApiError, type KubernetesObject, type ListWatchApi } from './api-client.ts';
import { rowsOf, type TableColumn, tableAccept, tableColumns } from './table-form.ts';
import { type WatchEvent, WatchLines } from './watch-lines.ts';

export interface Source {
  /** e.g. `/api/v1/pods` */
  path: string;
  fieldSelector?: string | undefined;
  labelSelector?: string | undefined;
  /** Rows with the server's columns instead of whole objects. */
  isTable?: boolean | undefined;
}

export type FeedState = 'loading' | 'live' | 'polling' | 'reconnecting' | 'failed';

/** Time and chance, and one of the few streams that a browser has to a server. */
export interface FeedPorts {
  api: ListWatchApi;
  /** Resolves early when aborted; never rejects. */
  delay(ms: number, signal: AbortSignal): Promise<void>;
  random(): number;
  /** False when none is left for this source: then it is listed now and then. */
  mayStream(): boolean;
  changed(feed: WatchFeed): void;
}

const pageSize = 500;
const pollMs = 5_000;
const backoffMsMin = 500;
const backoffMsMax = 15_000;
/** The server sends a bookmark every minute or so; without any for this long, the connection is taken for dead. */
const silenceMsMax = 150_000;

export class WatchFeed {
  readonly source: Source;
  readonly objects = new Map<string, KubernetesObject>();
  state: FeedState = 'loading';
  error: string | undefined;
  /** Of a table, once they are known. */
  columns: TableColumn[] | undefined;
  readonly #ports: FeedPorts;
  #resourceVersion: string | undefined;
  #failures = 0;
  #isPastGone = false;

  constructor(source: Source, ports: FeedPorts) {
    this.source = source;
    this.#ports = ports;
  }

  /** Runs until aborted; may be run again later and then resumes. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#once(signal);
        this.#failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        await this.#afterFailure(error, signal);
      }
    }
  }

  async #once(signal: AbortSignal): Promise<void> {
    if (this.#resourceVersion === undefined) await this.#list(signal);
    if (this.#ports.mayStream()) return this.#watch(signal);
    this.#resourceVersion = undefined;
    this.#enter('polling');
    await this.#ports.delay(pollMs, signal);
  }

  async #list(signal: AbortSignal): Promise<void> {
    const isFirst = this.objects.size === 0;
    const seen = new Set<string>();
    let next: string | undefined;
    do {
      const query = { ...this.#selector(), limit: `${pageSize}`, ...(next && { continue: next }) };
      const page = await this.#ports.api.list(this.source.path, query, signal, this.#accept());
      this.columns = tableColumns(page) ?? this.columns;
      for (const object of this.source.isTable ? rowsOf(page) : page.items) {
        seen.add(keyOf(object));
        this.objects.set(keyOf(object), kept(object));
      }
      next = page.metadata.continue || undefined;
      if (!next) this.#resourceVersion = page.metadata.resourceVersion;
      if (isFirst) this.#ports.changed(this);
    } while (next);
    for (const key of this.objects.keys()) if (!seen.has(key)) this.objects.delete(key);
    this.#ports.changed(this);
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const silence = new AbortController();
    let timer = new AbortController();
    const heard = () => {
      timer.abort();
      timer = new AbortController();
      const current = timer.signal;
      void this.#ports.delay(silenceMsMax, current).then(() => {
        if (!current.aborted) silence.abort(new ApiError(0, 'the watch went silent'));
      });
    };
    const either = AbortSignal.any([signal, silence.signal]);
    const query = {
      ...this.#selector(),
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#resourceVersion ?? '',
    };
    const lines = new WatchLines();
    heard();
    try {
      for await (const text of this.#ports.api.stream(this.source.path, query, either, this.#accept())) {
        heard();
        this.#enter('live');
        if (text === '') continue;
        for (const event of lines.push(text)) this.#apply(event);
        this.#failures = 0;
        this.#isPastGone = false;
        this.#ports.changed(this);
      }
    } finally {
      timer.abort();
    }
  }

  #apply(event: WatchEvent): void {
    if (event.type === 'ERROR') throw new ApiError(event.object.code ?? 500, event.object.message ?? 'the watch failed');
    for (const object of this.source.isTable ? rowsOf(event.object) : [event.object]) {
      this.#resourceVersion = object.metadata.resourceVersion;
      if (event.type === 'BOOKMARK') continue;
      if (event.type === 'DELETED') this.objects.delete(keyOf(object));
      else this.objects.set(keyOf(object), kept(object));
    }
  }

  async #afterFailure(error: unknown, signal: AbortSignal): Promise<void> {
    const code = error instanceof ApiError ? error.code : 0;
    if (code === 410) {
      this.#resourceVersion = undefined;
      // Once at once; should what was just listed be gone too, then like any failure.
      if (!this.#isPastGone) {
        this.#isPastGone = true;
        return;
      }
    }
    this.error = error instanceof Error ? error.message : String(error);
    const isRefused = code === 400 || code === 401 || code === 403 || code === 404;
    this.#enter(isRefused ? 'failed' : 'reconnecting');
    const backoffMs = isRefused ? backoffMsMax : Math.min(backoffMsMin * 2 ** Math.min(this.#failures, 10), backoffMsMax);
    this.#failures += 1;
    await this.#ports.delay(backoffMs * (0.5 + this.#ports.random() / 2), signal);
  }

  #enter(state: FeedState): void {
    if (this.state === state) return;
    this.state = state;
    if (state === 'live' || state === 'polling') this.error = undefined;
    this.#ports.changed(this);
  }

  #selector(): Record<string, string> {
    const { fieldSelector, labelSelector } = this.source;
    return { ...(fieldSelector && { fieldSelector }), ...(labelSelector && { labelSelector }) };
  }

  #accept(): string | undefined {
    return this.source.isTable ? tableAccept : undefined;
  }
}

/** Without who owns which field: nobody is shown it, and it is nearly half of what ten thousand pods take in memory. */
function kept(object: KubernetesObject): KubernetesObject {
  delete (object.metadata as { managedFields?: unknown }).managedFields;
  return object;
}

function keyOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}
