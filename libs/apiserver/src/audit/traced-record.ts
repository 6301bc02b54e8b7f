// A request that is traced: its span is noted in the same places as the audit log's record, which it passes everything on to. Parts of the
// server that are timed for the log become spans below it.
import type { Status } from '@berth/machinery';
import type { Span, SpanContext, Tracer } from '@berth/telemetry/tracing';
import type { Layer } from '../core/types.ts';
import type { RequestRecord } from './auditor.ts';

/** The store by a name that says what it is. */
const spanNames: Partial<Record<Layer, string>> = { etcd: 'store' };

export class TracedRecord implements RequestRecord {
  readonly #span: Span;
  readonly #tracer: Tracer;
  /** Absent where the audit log wants nothing of the request. */
  readonly #audit: RequestRecord | undefined;
  #failure: string | undefined;

  constructor(span: Span, tracer: Tracer, audit: RequestRecord | undefined) {
    this.#span = span;
    this.#tracer = tracer;
    this.#audit = audit;
  }

  get spanContext(): SpanContext {
    return this.#span.context;
  }

  requestObject(object: unknown): void {
    this.#audit?.requestObject(object);
  }

  responseObject(object: unknown): void {
    this.#audit?.responseObject(object);
  }

  annotate(key: string, value: string, level?: 'Request'): void {
    this.#audit?.annotate(key, value, level);
  }

  spent(layer: Layer, durationMs: number): void {
    this.#audit?.spent(layer, durationMs);
    const kind = layer === 'etcd' ? 'client' : 'internal';
    this.#tracer.record(spanNames[layer] ?? layer, durationMs, { parent: this.#span.context, kind });
  }

  timed<T>(layer: Layer, work: () => Promise<T>): Promise<T> {
    const run = () => (this.#audit ? this.#audit.timed(layer, work) : work());
    return this.#tracer.during(spanNames[layer] ?? layer, { parent: this.#span.context }, run);
  }

  deprecated(removedRelease?: string): void {
    this.#audit?.deprecated(removedRelease);
  }

  failed(status: Status): void {
    this.#failure = status.message;
    this.#audit?.failed(status);
  }

  async started(code: number): Promise<void> {
    await this.#audit?.started(code);
  }

  async ended(code: number): Promise<void> {
    this.#span.set({ 'http.response.status_code': code });
    // A client's mistake is no failure of the server.
    this.#span.end(code >= 500 ? (this.#failure ?? String(code)) : undefined);
    await this.#audit?.ended(code);
  }
}
