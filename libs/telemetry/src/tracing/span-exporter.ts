// Sends spans to a collector by OTLP over gRPC, in batches, without TLS, as Kubernetes' components do. Whatever the collector does, nobody
// waits for it: what does not fit into the queue, or cannot be sent, is lost, counted and said.
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { Clock, Timer } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { exportAnswer, exportRequest } from './otlp-request.ts';
import type { Attributes, FinishedSpan } from './tracer.ts';

/** All four as OpenTelemetry has them by default. */
const queuedSpansMax = 2048;
const batchSpansMax = 512;
const batchMsMax = 5_000;
const exportMsMax = 10_000;

const method = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

export interface SpanExporterOptions {
  /** As gRPC names it: HOST:PORT, dns:…, unix:PATH. */
  endpoint: string;
  resource: Attributes;
  clock: Clock;
  logger: Logger;
}

export class SpanExporter {
  readonly #options: SpanExporterOptions;
  readonly #client: Client;
  #queue: FinishedSpan[] = [];
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;
  #lost = 0;
  #isFailing = false;
  #isStopped = false;

  constructor(options: SpanExporterOptions) {
    this.#options = options;
    this.#client = new Client(options.endpoint, credentials.createInsecure());
  }

  add(span: FinishedSpan): void {
    if (this.#isStopped) return;
    if (this.#queue.length >= queuedSpansMax) {
      this.#lost += 1;
      return;
    }
    this.#queue.push(span);
    if (this.#queue.length >= batchSpansMax) this.#send();
    else this.#timer ??= this.#options.clock.after(batchMsMax, () => this.#send());
  }

  /** Sends what is left, for as long as one export may take. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#sending;
    if (this.#queue.length > 0) await this.#export(this.#queue.splice(0));
    this.#client.close();
  }

  /** One batch at a time. */
  #send(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#sending) return;
    this.#sending = this.#export(this.#queue.splice(0, batchSpansMax)).then(() => {
      this.#sending = undefined;
      if (this.#isStopped || this.#queue.length === 0) return;
      if (this.#queue.length >= batchSpansMax) this.#send();
      else this.#timer ??= this.#options.clock.after(batchMsMax, () => this.#send());
    });
  }

  /** Never rejects. */
  async #export(spans: FinishedSpan[]): Promise<void> {
    const { logger, endpoint } = this.#options;
    try {
      const { rejectedSpans, errorMessage } = await this.#call(exportRequest(spans, this.#options.resource));
      if (rejectedSpans > 0) logger.warn('a collector of traces took not all', { endpoint, rejectedSpans, errorMessage });
      if (this.#isFailing) logger.info('traces are taken again', { endpoint });
      this.#isFailing = false;
    } catch (error) {
      this.#lost += spans.length;
      // Said once, until it works again.
      if (!this.#isFailing) logger.warn('traces cannot be sent, and are lost until they can', { endpoint, error });
      this.#isFailing = true;
    }
    if (this.#lost > 0 && !this.#isFailing) {
      logger.warn('traces were lost', { endpoint, spans: this.#lost });
      this.#lost = 0;
    }
  }

  #call(body: Buffer): Promise<ReturnType<typeof exportAnswer>> {
    const { clock } = this.#options;
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        method,
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => exportAnswer(bytes),
        body,
        new Metadata(),
        (error: ServiceError | null, answer) => {
          timer.cancel();
          if (error) reject(error);
          else resolve(answer ?? { rejectedSpans: 0, errorMessage: '' });
        },
      );
      const timer = clock.after(exportMsMax, () => call.cancel());
    });
  }
}
