// The day of metrics that this server keeps: what is recorded, from where, and who may ask it. Nothing of the cluster depends on it, so
// that whatever is wrong with its files costs the history alone.
import { join } from 'node:path';
import { versionInfo } from '@berth/apiserver';
import type { ApiServer } from '@berth/apiserver/core';
import { keptOfObjects, MetricHistory, MetricRecorder, type QueryAnswer, QueryApi, recordedEveryMs } from '@berth/metric-history';
import { type ListObjects, stateSamples } from '@berth/state-metrics';
import type { Ports } from '@berth/telemetry';
import { Gauge, type Registry } from 'prom-client';

export interface KeptMetricsOptions extends Pick<Ports, 'clock' | 'logger'> {
  dataDirectory: string;
  api: Pick<ApiServer, 'usages'>;
  registry: Registry;
  /** What this server is called. */
  instance: string;
  list: ListObjects;
}

export class KeptMetrics {
  readonly #options: KeptMetricsOptions;
  readonly #history: MetricHistory;
  readonly #queries: QueryApi;
  #recorder: MetricRecorder | undefined;
  #opening: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: KeptMetricsOptions) {
    const { dataDirectory, clock, logger, registry } = options;
    this.#options = options;
    this.#history = new MetricHistory({ directory: join(dataDirectory, 'metric-history'), logger });
    this.#queries = new QueryApi({ history: this.#history, clock, everyMs: recordedEveryMs, version: versionInfo.gitVersion });
    this.#gauge(registry, 'series', 'Series of which the history of metrics has anything.');
    this.#gauge(registry, 'bytes', 'What the history of metrics takes on disk.');
    this.#gauge(registry, 'refused_series', 'Series that the history of metrics had no room for, each time that they came.');
  }

  /** What an earlier process left is read meanwhile: nobody waits for it. */
  start(): void {
    this.#opening = this.#open();
  }

  async #open(): Promise<void> {
    const { api, registry, list, clock, logger, instance } = this.#options;
    try {
      await this.#history.open();
    } catch (error) {
      logger.error('there is no history of metrics: its files cannot be opened', { directory: this.#history.directory, error });
      return;
    }
    if (this.#isStopped) return;
    this.#recorder = new MetricRecorder({
      ...{ history: this.#history, clock, logger, instance },
      reports: () => api.usages?.current() ?? [],
      metric: (name) => registry.getSingleMetric(name),
      objects: () => stateSamples(list, keptOfObjects),
    });
    this.#recorder.start();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#opening;
    await this.#recorder?.stop();
    await this.#history.close();
  }

  answer(path: readonly string[], parameters: URLSearchParams, signal: AbortSignal): Promise<QueryAnswer | undefined> {
    return this.#queries.answer(path, parameters, signal);
  }

  #gauge(registry: Registry, what: 'series' | 'bytes' | 'refused_series', help: string): void {
    const size = () => this.#history.size;
    new Gauge({
      name: `berth_metric_history_${what}`,
      help,
      registers: [registry],
      collect() {
        this.set(what === 'refused_series' ? size().refused : size()[what]);
      },
    });
  }
}
