// Prometheus' HTTP API over the history, for Grafana and whatever else asks Prometheus: queries at one time and over time, series, labels
// and their values. A query is bounded in series, samples, work and time, a few run at once, and each lets others have the event loop.
// https://prometheus.io/docs/prometheus/latest/querying/api/
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ErrorType, Evaluator, type Grid, type Labels, type Matcher, Meter, PromqlError, parse, type Value } from '@berth/promql';
import type { Clock } from '@berth/telemetry';
import type { MetricHistory } from './history.ts';
import { gridParameters, matchParameters, requiredParameter, timeParameter } from './query-parameters.ts';
import { inPieces, instantData, rangeData, success } from './query-result.ts';

export interface QueryApiOptions {
  history: Pick<MetricHistory, 'select' | 'labels'>;
  clock: Pick<Clock, 'now' | 'monotonicMs'>;
  /** How far apart samples are. */
  everyMs: number;
  version: string;
}

export interface QueryAnswer {
  code: number;
  /** JSON, made as it is sent. */
  pieces: Iterable<string>;
}

const lookbackMs = 300_000;
const valuesMax = 8_000_000;
const workMax = 400_000_000;
const queryMsMax = 60_000;
/** Whose series there are more of than anybody reads. */
const listedMax = 20_000;
const runningMax = 2;
const waitingMax = 50;

const codes: Record<ErrorType, number> = { bad_data: 400, execution: 422, timeout: 503, canceled: 503 };

export class QueryApi {
  readonly #options: QueryApiOptions;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: QueryApiOptions) {
    this.#options = options;
  }

  /** @param path what follows /api/v1; undefined for what this API does not have */
  async answer(path: readonly string[], parameters: URLSearchParams, signal: AbortSignal): Promise<QueryAnswer | undefined> {
    try {
      const data = await this.#data(path, parameters, signal);
      return data && { code: 200, pieces: inPieces(success(data)) };
    } catch (error) {
      if (!(error instanceof PromqlError)) throw error;
      return { code: codes[error.type], pieces: [`${JSON.stringify({ status: 'error', errorType: error.type, error: error.message })}\n`] };
    }
  }

  async #data(
    [first = '', ...rest]: readonly string[],
    parameters: URLSearchParams,
    signal: AbortSignal,
  ): Promise<Iterable<string> | undefined> {
    const [name, last, ...more] = rest;
    if (first === 'label' && name !== undefined && last === 'values' && more.length === 0)
      return [await this.#labelValues(name, parameters, signal)];
    if (first === 'status' && rest.join('/') === 'buildinfo')
      return [JSON.stringify({ application: 'Berth', version: this.#options.version })];
    if (rest.length > 0) return undefined;
    if (first === 'query') return this.#query(parameters, signal);
    if (first === 'query_range') return this.#queryRange(parameters, signal);
    if (first === 'series') return this.#series(parameters, signal);
    if (first === 'labels') return [await this.#labelNames(parameters, signal)];
    // Grafana asks for help texts, which are not kept.
    return first === 'metadata' ? ['{}'] : undefined;
  }

  async #query(parameters: URLSearchParams, signal: AbortSignal): Promise<Iterable<string>> {
    const startMs = timeParameter(parameters, 'time', this.#options.clock.now());
    const grid = { startMs, stepMs: this.#options.everyMs, steps: 1 };
    return instantData(await this.#evaluated(requiredParameter(parameters, 'query'), grid, signal), grid);
  }

  async #queryRange(parameters: URLSearchParams, signal: AbortSignal): Promise<Iterable<string>> {
    const grid = gridParameters(parameters);
    const value = await this.#evaluated(requiredParameter(parameters, 'query'), grid, signal);
    if (value.type !== 'string') return rangeData(value, grid);
    throw new PromqlError('bad_data', 'invalid expression type "string" for range query, must be Scalar or instant Vector');
  }

  async #evaluated(text: string, grid: Grid, signal: AbortSignal): Promise<Value> {
    const expression = parse(text);
    await this.#seat();
    try {
      const evaluator = new Evaluator({
        source: this.#options.history,
        meter: this.#meter(signal),
        lookbackMs,
        subqueryStepMs: this.#options.everyMs,
      });
      return await evaluator.evaluate(expression, grid);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }

  async #seat(): Promise<void> {
    if (this.#running < runningMax) this.#running++;
    else {
      if (this.#waiting.length >= waitingMax)
        throw new PromqlError('timeout', `${waitingMax} queries are waiting already; try again later`);
      // Whoever ends gives its seat to the next.
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
  }

  #meter(signal: AbortSignal): Meter {
    const { clock } = this.#options;
    const endMs = clock.monotonicMs() + queryMsMax;
    const turn = async () => {
      await nextTurn();
      if (signal.aborted) throw new PromqlError('canceled', 'the client went away');
      if (clock.monotonicMs() > endMs) throw new PromqlError('timeout', `query timed out after ${queryMsMax / 1000} s`);
    };
    return new Meter({ valuesMax, workMax, turn });
  }

  async #series(parameters: URLSearchParams, signal: AbortSignal): Promise<Iterable<string>> {
    if (!parameters.has('match[]')) throw new PromqlError('bad_data', 'no match[] parameter provided');
    const found = await this.#found(matchParameters(parameters), signal);
    if (found.length > listedMax) throw new PromqlError('execution', `more than ${listedMax} series match; ask for fewer`);
    return ['[', ...found.map((labels, index) => `${index === 0 ? '' : ','}${JSON.stringify(labels)}`), ']'];
  }

  async #labelNames(parameters: URLSearchParams, signal: AbortSignal): Promise<string> {
    const names = new Set<string>();
    for (const labels of await this.#found(matchParameters(parameters), signal)) for (const name in labels) names.add(name);
    return JSON.stringify([...names].sort());
  }

  async #labelValues(name: string, parameters: URLSearchParams, signal: AbortSignal): Promise<string> {
    const values = new Set<string>();
    for (const labels of await this.#found(matchParameters(parameters), signal)) if (labels[name]) values.add(labels[name]);
    return JSON.stringify([...values].sort());
  }

  async #found(selectors: Matcher[][], signal: AbortSignal): Promise<Labels[]> {
    const { history } = this.#options;
    const meter = this.#meter(signal);
    const found = new Set<Labels>();
    for (const matchers of selectors.length === 0 ? [[]] : selectors) {
      for (const labels of await history.labels(matchers, meter)) found.add(labels);
    }
    return [...found];
  }
}
