// What the API counts about itself, named as Kubernetes names it where it has a name, for Prometheus.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CoreMetrics } from '../core/types.ts';

const latencyBucketsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Finding a series by its labels costs more than counting in it; there are as many as labels let there be. */
class Series<T> {
  readonly #known = new Map<string, T>();

  of(key: string, make: () => T): T {
    let series = this.#known.get(key);
    if (series === undefined) {
      series = make();
      this.#known.set(key, series);
    }
    return series;
  }
}

export class ApiMetrics implements CoreMetrics {
  readonly registry: Registry;
  readonly #requests: Counter<'verb' | 'group' | 'resource' | 'subresource' | 'code'>;
  readonly #durations: Histogram<'verb' | 'resource'>;
  readonly #running: Gauge<'verb' | 'resource'>;
  readonly #dropped: Counter<'resource'>;
  readonly #retried: Counter<'resource'>;
  readonly #resets: Counter;
  readonly #reloads: Counter<'status'>;
  readonly #reloaded: Gauge<'status'>;
  readonly #dispatched: Counter<'priority_level' | 'flow_schema'>;
  readonly #rejected: Counter<'priority_level' | 'flow_schema' | 'reason'>;
  readonly #counted = new Series<Counter.Internal>();
  readonly #timed = new Series<Histogram.Internal<'verb' | 'resource'>>();

  constructor(registry = new Registry()) {
    this.registry = registry;
    const registers = [registry];
    this.#requests = new Counter({
      name: 'apiserver_request_total',
      help: 'Requests by verb, resource and HTTP status.',
      labelNames: ['verb', 'group', 'resource', 'subresource', 'code'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'apiserver_request_duration_seconds',
      help: 'Time to answer, of requests that are not long-running.',
      labelNames: ['verb', 'resource'],
      buckets: latencyBucketsSeconds,
      registers,
    });
    this.#running = new Gauge({
      name: 'apiserver_longrunning_requests',
      help: 'Watches, logs and streams that are open now.',
      labelNames: ['verb', 'resource'],
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
    this.#dispatched = new Counter({
      name: 'apiserver_flowcontrol_dispatched_requests_total',
      help: 'Requests that were let through, by priority level and flow schema.',
      labelNames: ['priority_level', 'flow_schema'],
      registers,
    });
    this.#rejected = new Counter({
      name: 'apiserver_flowcontrol_rejected_requests_total',
      help: 'Requests that were told to come back, by priority level, flow schema and why.',
      labelNames: ['priority_level', 'flow_schema', 'reason'],
      registers,
    });
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

  requestDone(labels: { verb: string; group: string; resource: string; subresource: string }, code: number, durationMs?: number): void {
    const { verb, group, resource, subresource } = labels;
    const key = `${verb} ${resource}.${group}/${subresource} ${code}`;
    this.#counted.of(key, () => this.#requests.labels({ ...labels, code: String(code) })).inc();
    if (durationMs === undefined) return;
    this.#timed.of(`${verb} ${resource}`, () => this.#durations.labels({ verb, resource })).observe(durationMs / 1000);
  }

  /** Returns what to call when it ends. */
  longRunning(verb: string, resource: string): () => void {
    this.#running.inc({ verb, resource });
    return () => this.#running.dec({ verb, resource });
  }

  watcherDropped(resource: string): void {
    this.#dropped.inc({ resource });
  }

  conflictRetried(resource: string): void {
    this.#retried.inc({ resource });
  }

  dispatched(level: string, schema: string): void {
    const labels = () => this.#dispatched.labels({ priority_level: level, flow_schema: schema });
    this.#counted.of(`dispatched ${level}/${schema}`, labels).inc();
  }

  rejected(level: string, schema: string, reason: string): void {
    this.#rejected.inc({ priority_level: level, flow_schema: schema, reason });
  }

  /** What runs and what waits now, by priority level. */
  watchLevels(levels: () => { name: string; inUse: number; queues: { length: number } | undefined }[]): void {
    const gauge = (name: string, help: string, read: (level: ReturnType<typeof levels>[number]) => number) =>
      new Gauge({
        name,
        help,
        labelNames: ['priority_level'],
        registers: [this.registry],
        collect() {
          for (const level of levels()) this.set({ priority_level: level.name }, read(level));
        },
      });
    gauge('apiserver_flowcontrol_current_executing_requests', 'Requests that run now.', (level) => level.inUse);
    gauge('apiserver_flowcontrol_current_inqueue_requests', 'Requests that wait now.', (level) => level.queues?.length ?? 0);
  }

  authenticationReloaded(status: 'success' | 'failure', nowMs: number): void {
    this.#reloads.inc({ status });
    this.#reloaded.set({ status }, nowMs / 1000);
  }

  cacheReset(): void {
    this.#resets.inc();
  }
}
