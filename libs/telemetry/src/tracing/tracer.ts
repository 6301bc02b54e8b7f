// Spans: what took how long, and as a part of what. Where tracing is off there is no tracer, and nothing of this runs.
import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import { podIds, type SpanContext } from './trace-context.ts';

export type SpanKind = 'internal' | 'server' | 'client';
export type Attributes = Record<string, string | number | boolean>;

/** A span that is over. Times are Unix milliseconds, with fractions. */
export interface FinishedSpan {
  /** What it is shown under, such as `apiserver`. */
  service: string;
  context: SpanContext;
  parentSpanId: string | undefined;
  name: string;
  kind: SpanKind;
  startMs: number;
  endMs: number;
  attributes: Attributes;
  links: SpanContext[];
  error: string | undefined;
}

export interface SpanOptions {
  kind?: SpanKind;
  /** On the clock's monotonic scale; now by default. */
  startMonotonicMs?: number;
  attributes?: Attributes;
  /** Whether it is sampled decides for this one. Without a parent a trace begins. */
  parent?: SpanContext | undefined;
  /** Of the first span of a pod's trace: it is known before it begins. */
  context?: SpanContext;
  links?: SpanContext[];
}

export interface TracerOptions {
  clock: Pick<Clock, 'now' | 'monotonicMs'>;
  random: Pick<Random, 'int'>;
  service: string;
  /** Of traces that begin here. */
  samplingRatePerMillion: number;
  /** Takes spans that are over. Never throws. */
  finished(span: FinishedSpan): void;
}

export class Tracer {
  readonly #options: TracerOptions;

  constructor(options: TracerOptions) {
    this.#options = options;
  }

  /** The same for another part of the process. */
  as(service: string): Tracer {
    return new Tracer({ ...this.#options, service });
  }

  start(name: string, options: SpanOptions = {}): Span {
    return new Span(name, { ...options, context: options.context ?? this.#contextBelow(options.parent) }, this.#options);
  }

  /** Of work that is over by now. */
  record(name: string, durationMs: number, options: SpanOptions = {}): void {
    this.start(name, { ...options, startMonotonicMs: this.#options.clock.monotonicMs() - durationMs }).end();
  }

  /** Of the first span of a pod's trace, in every process alike. */
  podContext(uid: string): SpanContext {
    const ids = podIds(uid);
    return { ...ids, isSampled: this.#samples(ids.traceId) };
  }

  /** @throws what `work` throws, which the span then says */
  async during<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
    const span = this.start(name, options);
    try {
      const result = await work(span);
      span.end();
      return result;
    } catch (error) {
      span.end(error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  #contextBelow(parent: SpanContext | undefined): SpanContext {
    const spanId = this.#digits(16);
    if (parent) return { traceId: parent.traceId, spanId, isSampled: parent.isSampled };
    const traceId = this.#digits(32);
    return { traceId, spanId, isSampled: this.#samples(traceId) };
  }

  #digits(count: number): string {
    let text = '';
    while (text.length < count)
      text += this.#options.random
        .int(2 ** 32)
        .toString(16)
        .padStart(8, '0');
    return text;
  }

  /** As OpenTelemetry's sampler by ratio: whoever samples as many traces or more has this one as well. */
  #samples(traceId: string): boolean {
    const threshold = (BigInt(this.#options.samplingRatePerMillion) << 63n) / 1_000_000n;
    return BigInt(`0x${traceId.slice(16)}`) >> 1n < threshold;
  }
}

export class Span {
  readonly context: SpanContext;
  readonly #name: string;
  readonly #options: SpanOptions;
  readonly #tracer: TracerOptions;
  readonly #startMonotonicMs: number;
  readonly #attributes: Attributes;
  #isOver = false;

  constructor(name: string, options: SpanOptions & { context: SpanContext }, tracer: TracerOptions) {
    this.context = options.context;
    this.#name = name;
    this.#options = options;
    this.#tracer = tracer;
    this.#startMonotonicMs = options.startMonotonicMs ?? tracer.clock.monotonicMs();
    this.#attributes = { ...options.attributes };
  }

  set(attributes: Attributes): void {
    Object.assign(this.#attributes, attributes);
  }

  /** Once; what follows changes nothing. @param error what went wrong, in words */
  end(error?: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (!this.context.isSampled) return;
    const { clock, service, finished } = this.#tracer;
    const endMs = clock.now();
    finished({
      service,
      context: this.context,
      parentSpanId: this.#options.parent?.spanId,
      name: this.#name,
      kind: this.#options.kind ?? 'internal',
      startMs: endMs - (clock.monotonicMs() - this.#startMonotonicMs),
      endMs,
      attributes: this.#attributes,
      links: this.#options.links ?? [],
      error,
    });
  }
}
