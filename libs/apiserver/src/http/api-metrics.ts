// What the API counts about itself, named as Kubernetes names it where it has a name, for Prometheus.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ConversionObserved, CoreMetrics, MutationCheck, PolicyCheck, WebhookAsked } from '../core/types.ts';
import { ConversionMetrics } from './conversion-metrics.ts';
import { FlowCounts } from './flow-metrics.ts';
import { Series } from './metric-series.ts';
import { PolicyCounts } from './policy-metrics.ts';
import type { RequestLabels } from './request-labels.ts';
import { WebhookCounts } from './webhook-metrics.ts';

/** Kubernetes' own, so that its rules and dashboards fit. */
const latencyBucketsSeconds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
const longRunningLabels = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'] as const;
const durationLabels = ['verb', 'dry_run', 'group', 'version', 'resource', 'subresource', 'scope', 'component'] as const;

export class ApiMetrics implements CoreMetrics {
  readonly registry: Registry;
  readonly flow: FlowCounts;
  readonly #conversions: ConversionMetrics;
  readonly #requests: Counter<keyof RequestLabels | 'code'>;
  readonly #durations: Histogram<keyof RequestLabels>;
  readonly #running: Gauge<keyof RequestLabels>;
  readonly #dropped: Counter<'resource'>;
  readonly #retried: Counter<'resource'>;
  readonly #resets: Counter;
  readonly #policies: PolicyCounts;
  readonly #webhooks: WebhookCounts;
  readonly #reloads: Counter<'status'>;
  readonly #reloaded: Gauge<'status'>;
  readonly #counted = new Series<Counter.Internal>();
  readonly #timed = new Series<Histogram.Internal<keyof RequestLabels>>();

  constructor(registry = new Registry()) {
    this.registry = registry;
    const registers = [registry];
    this.#requests = new Counter({
      name: 'apiserver_request_total',
      help: 'Requests by verb, resource and HTTP status.',
      labelNames: [...durationLabels, 'code'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'apiserver_request_duration_seconds',
      help: 'Time to answer, of requests that are not long-running.',
      labelNames: durationLabels,
      buckets: latencyBucketsSeconds,
      registers,
    });
    this.#running = new Gauge({
      name: 'apiserver_longrunning_requests',
      help: 'Watches, logs and streams that are open now.',
      labelNames: longRunningLabels,
      registers,
    });
    this.#dropped = new Counter({
      name: 'berth_watchers_dropped_total',
      help: 'Watches ended because their client read too slowly.',
      labelNames: ['resource'],
      registers,
    });
    this.#retried = new Counter({
      name: 'berth_write_conflicts_retried_total',
      help: 'Writes tried again because another write came first.',
      labelNames: ['resource'],
      registers,
    });
    this.flow = new FlowCounts(registry);
    this.#conversions = new ConversionMetrics(registry);
    this.#policies = new PolicyCounts(registry);
    this.#webhooks = new WebhookCounts(registry);
    this.#reloads = new Counter({
      name: 'apiserver_authentication_config_controller_automatic_reloads_total',
      help: 'Times the authentication configuration was read again because it had changed, by whether it could be used.',
      labelNames: ['status'],
      registers,
    });
    this.#reloaded = new Gauge({
      name: 'apiserver_authentication_config_controller_automatic_reload_last_timestamp_seconds',
      help: 'When the authentication configuration was last read again, by whether it could be used.',
      labelNames: ['status'],
      registers,
    });
    this.#resets = new Counter({ name: 'berth_watch_cache_resets_total', help: 'Times the watch cache was loaded anew.', registers });
  }

  /** The newest revision that the watch cache has seen. */
  watchRevision(revision: () => number): void {
    new Gauge({
      name: 'berth_store_revision',
      help: 'Newest revision of the store seen by this server.',
      registers: [this.registry],
      collect() {
        this.set(revision());
      },
    });
  }

  requestDone(labels: RequestLabels, code: number, durationMs?: number): void {
    const { verb, dry_run, group, version, resource, subresource, scope } = labels;
    const key = `${verb} ${resource}.${group}/${version}/${subresource} ${scope} ${dry_run}`;
    this.#counted.of(`${key} ${code}`, () => this.#requests.labels({ ...labels, code: String(code) })).inc();
    if (durationMs === undefined) return;
    this.#timed.of(key, () => this.#durations.labels({ ...labels })).observe(durationMs / 1000);
  }

  /** Returns what to call when it ends. */
  longRunning({ dry_run: _never, ...labels }: RequestLabels): () => void {
    this.#running.inc(labels);
    return () => this.#running.dec(labels);
  }

  watcherDropped(resource: string): void {
    this.#dropped.inc({ resource });
  }

  conflictRetried(resource: string): void {
    this.#retried.inc({ resource });
  }

  authenticationReloaded(status: 'success' | 'failure', nowMs: number): void {
    this.#reloads.inc({ status });
    this.#reloaded.set({ status }, nowMs / 1000);
  }

  policyChecked(check: PolicyCheck): void {
    this.#policies.checked(check);
  }

  objectMutated(check: MutationCheck): void {
    this.#policies.mutated(check);
  }

  webhookAsked(asked: WebhookAsked): void {
    this.#webhooks.asked(asked);
  }

  webhookFailedOpen(name: string, type: WebhookAsked['type']): void {
    this.#webhooks.failedOpen(name, type);
  }

  cacheReset(): void {
    this.#resets.inc();
  }

  converted(conversion: ConversionObserved): void {
    this.#conversions.observe(conversion);
  }
}
