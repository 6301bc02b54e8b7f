// What webhooks of admission make of requests, under Kubernetes' names.
import { Counter, Histogram, type Registry } from 'prom-client';
import type { WebhookAsked } from '../core/types.ts';

/** Kubernetes' own. */
const buckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25];
/** Codes that a webhook may make up are counted as this. */
const codeMax = 600;

export class WebhookCounts {
  readonly #durations: Histogram<'name' | 'type' | 'operation' | 'rejected'>;
  readonly #requests: Counter<'name' | 'type' | 'operation' | 'code' | 'rejected'>;
  readonly #rejections: Counter<'name' | 'type' | 'operation' | 'error_type' | 'rejection_code'>;
  readonly #failedOpen: Counter<'name' | 'type'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#durations = new Histogram({
      name: 'apiserver_admission_webhook_admission_duration_seconds',
      help: 'Time that webhooks took, by operation and whether they refused the request.',
      labelNames: ['name', 'type', 'operation', 'rejected'],
      buckets,
      registers,
    });
    this.#requests = new Counter({
      name: 'apiserver_admission_webhook_request_total',
      help: 'Requests that webhooks were asked about, by the code of the outcome.',
      labelNames: ['name', 'type', 'operation', 'code', 'rejected'],
      registers,
    });
    this.#rejections = new Counter({
      name: 'apiserver_admission_webhook_rejection_count',
      help: 'Requests refused by webhooks or for their sake, by what went wrong.',
      labelNames: ['name', 'type', 'operation', 'error_type', 'rejection_code'],
      registers,
    });
    this.#failedOpen = new Counter({
      name: 'apiserver_admission_webhook_fail_open_count',
      help: 'Requests let through although a webhook could not be asked.',
      labelNames: ['name', 'type'],
      registers,
    });
  }

  asked({ name, type, operation, seconds, code, rejection }: WebhookAsked): void {
    const labels = { name, type, operation, rejected: String(rejection !== undefined) };
    const shownCode = String(Math.min(code, codeMax));
    this.#durations.observe(labels, seconds);
    this.#requests.inc({ ...labels, code: shownCode });
    if (rejection) this.#rejections.inc({ name, type, operation, error_type: rejection, rejection_code: shownCode });
  }

  failedOpen(name: string, type: string): void {
    this.#failedOpen.inc({ name, type });
  }
}
