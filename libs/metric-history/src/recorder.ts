// Every half a minute, what is known already goes into the history: what agents reported last, what this process counts about itself, and
// what the objects of the cluster say. Nothing is measured or asked for because of it.
import type { Labels } from '@berth/promql';
import type { Clock, Logger, Timer } from '@berth/telemetry';
import type { MetricHistory } from './history.ts';
import { droppedAtZero, droppedLabels, jobOf, keptOfProcess, measuredWith } from './kept-metrics.ts';
import { NodeSamples } from './node-samples.ts';
import type { Series } from './series-table.ts';

export interface NodeReport {
  nodeName: string;
  /** In the text format of Prometheus; absent from agents that send none. */
  samples?: string;
}

export interface ProcessMetric {
  get(): Promise<{ values: { metricName?: string; labels: Partial<Record<string, string | number>>; value: number }[] }>;
}

export interface RecorderOptions {
  history: MetricHistory;
  clock: Clock;
  logger: Logger;
  /** What this server is called. */
  instance: string;
  /** Of the nodes that report to this process; undefined where none do. */
  reports(): NodeReport[];
  /** By name; undefined for what this process does not count. */
  metric(name: string): ProcessMetric | undefined;
  /** What objects say, of the names that are kept. */
  objects(): AsyncIterable<{ name: string; labels: Readonly<Record<string, string | undefined>>; value: number }>;
}

export const recordedEveryMs = 30_000;
/** Objects are gone through at every second tick: their metrics change with them, and most never do. */
const ticksOfObjects = 2;

export class MetricRecorder {
  readonly #options: RecorderOptions;
  readonly #nodes: NodeSamples;
  #timer: Timer | undefined;
  #ticking: Promise<void> = Promise.resolve();
  #ticks = 0;
  #ofObjects: ReadonlyMap<Series, number> = new Map();
  #isStopped = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#nodes = new NodeSamples((labels) => options.history.series(labels));
  }

  start(): void {
    this.#next();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#ticking;
  }

  /** At whole multiples of the interval, as whoever asks for steps does. */
  #next(): void {
    const { clock, logger } = this.#options;
    if (this.#isStopped) return;
    const delayMs = recordedEveryMs - (clock.now() % recordedEveryMs);
    this.#timer = clock.after(delayMs, () => {
      this.#ticking = this.tick()
        .catch((error: unknown) => logger.warn('metrics could not be recorded', { error }))
        .finally(() => this.#next());
    });
  }

  /** Nodes first, as they are what may not be missing when there are too many series; then this process, then objects. */
  async tick(): Promise<void> {
    const { clock, history, reports } = this.#options;
    const atMs = clock.now();
    const values = new Map<Series, number>();
    const reported = reports();
    for (const { nodeName, samples } of reported) {
      this.#add(values, 'up', { job: 'kubelet', instance: nodeName, node: nodeName }, 1);
      if (samples !== undefined) this.#nodes.add(nodeName, samples, values);
    }
    this.#nodes.keep(new Set(reported.map(({ nodeName }) => nodeName)));
    await this.#process(values);
    if (this.#ticks++ % ticksOfObjects === 0) this.#ofObjects = await this.#objects();
    for (const [series, value] of this.#ofObjects) values.set(series, value);
    await history.record(atMs, values);
  }

  async #process(values: Map<Series, number>): Promise<void> {
    const { instance, metric } = this.#options;
    for (const [name, kept] of keptOfProcess) {
      await metric(measuredWith.get(name) ?? '')?.get();
      const counted = await metric(name)?.get();
      for (const { metricName = name, labels, value } of counted?.values ?? []) {
        const own: Record<string, string> = { job: jobOf(name), instance };
        for (const label of kept) if (labels[label] !== undefined) own[label] = String(labels[label]);
        // A histogram's infinite bound has the word for it.
        if (own.le === 'Infinity') own.le = '+Inf';
        this.#add(values, metricName, own, value);
      }
    }
  }

  async #objects(): Promise<Map<Series, number>> {
    const values = new Map<Series, number>();
    const { instance, objects } = this.#options;
    for await (const { name, labels, value } of objects()) {
      if (value === 0 && droppedAtZero.has(name)) continue;
      const kept: Record<string, string> = { job: jobOf(name), instance };
      for (const label in labels) if (labels[label] && !droppedLabels.has(label)) kept[label] = labels[label];
      this.#add(values, name, kept, value);
    }
    return values;
  }

  /** What becomes the same without the labels that are dropped is added up. */
  #add(values: Map<Series, number>, name: string, labels: Labels, value: number): void {
    if (Number.isNaN(value)) return;
    const series = this.#options.history.series({ ...labels, __name__: name });
    if (series) values.set(series, (values.get(series) ?? 0) + value);
  }
}
