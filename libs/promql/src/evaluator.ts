// Evaluates a syntax tree over a grid of times, a node at a time for all steps: labels are then looked at once for a series, not once
// for a step. Instant queries are grids of one step.
import { aggregated } from './aggregate.ts';
import { betweenScalars, betweenVectors, setOperation, withScalar } from './binary.ts';
import { callFunction } from './calls.ts';
import type { Meter } from './meter.ts';
import { PromqlError } from './promql-error.ts';
import { type RangeFunction, rangeFunctions, type Window } from './range-functions.ts';
import { relabeled } from './row-set.ts';
import { emptyRow, type Grid, isEverPresent, type Row, type Samples, type Value, withoutName } from './series.ts';
import type { Aggregation, Binary, Call, Expression, Matcher, RangeSelector, Selector, Subquery } from './syntax.ts';
import { setOperators } from './types.ts';

export interface Source {
  /** Samples after `startMs`, `endMs` included. May give more. */
  select(matchers: readonly Matcher[], startMs: number, endMs: number, meter: Meter): Promise<readonly Samples[]>;
}

export interface EvaluatorOptions {
  source: Source;
  meter: Meter;
  /** How old the newest sample of a series may be. */
  lookbackMs: number;
  /** Of subqueries that name none. */
  subqueryStepMs: number;
}

/** As in Prometheus: more points than any screen has. */
export const stepsMax = 11_000;

export class Evaluator {
  readonly #options: EvaluatorOptions;

  constructor(options: EvaluatorOptions) {
    this.#options = options;
  }

  get meter(): Meter {
    return this.#options.meter;
  }

  /** @throws PromqlError */
  async evaluate(expression: Expression, grid: Grid): Promise<Value> {
    const { steps } = grid;
    switch (expression.kind) {
      case 'number':
        return { type: 'scalar', values: new Float64Array(steps).fill(expression.value) };
      case 'string':
        return { type: 'string', value: expression.value };
      case 'selector':
        return { type: 'vector', rows: await this.newest(expression, grid) };
      case 'negation':
        return this.#negated(await this.evaluate(expression.expression, grid), steps);
      case 'aggregation':
        return { type: 'vector', rows: await this.#aggregated(expression, grid) };
      case 'binary':
        return this.#binary(expression, grid);
      case 'call':
        return callFunction(this, expression, grid);
      case 'range':
      case 'subquery':
        throw new PromqlError('bad_data', 'invalid expression type "range vector" for range query, must be Scalar or instant Vector');
    }
  }

  async vector(expression: Expression, grid: Grid): Promise<Row[]> {
    const value = await this.evaluate(expression, grid);
    if (value.type === 'vector') return value.rows;
    throw new Error(`a ${value.type} where the parser has seen to a vector`);
  }

  async scalar(expression: Expression | undefined, grid: Grid): Promise<Float64Array> {
    if (!expression) return new Float64Array(grid.steps).fill(Number.NaN);
    const value = await this.evaluate(expression, grid);
    if (value.type === 'scalar') return value.values;
    throw new Error(`a ${value.type} where the parser has seen to a scalar`);
  }

  /** The newest sample at each step, or when that was taken, in seconds. */
  async newest({ matchers, offsetMs }: Selector, { startMs, stepMs, steps }: Grid, wanted: 'value' | 'time' = 'value'): Promise<Row[]> {
    const { source, lookbackMs, meter } = this.#options;
    const endMs = startMs + (steps - 1) * stepMs;
    const rows: Row[] = [];
    for (const { labels, timesMs, values } of await source.select(matchers, startMs - offsetMs - lookbackMs, endMs - offsetMs, meter)) {
      meter.make(steps);
      const row = emptyRow(labels, steps);
      let next = 0;
      for (let step = 0; step < steps; step++) {
        const atMs = startMs + step * stepMs - offsetMs;
        while (next < timesMs.length && (timesMs[next] ?? 0) <= atMs) next++;
        const sampledMs = timesMs[next - 1];
        const value = values[next - 1] ?? Number.NaN;
        if (sampledMs === undefined || sampledMs <= atMs - lookbackMs || Number.isNaN(value)) continue;
        row.present[step] = 1;
        row.values[step] = wanted === 'value' ? value : sampledMs / 1000;
      }
      if (isEverPresent(row)) rows.push(row);
      if (meter.spend(steps + timesMs.length)) await meter.turn();
    }
    return rows;
  }

  /** A function of windows over its last argument or its only one. */
  async overRange({ name }: Call, range: Expression, parameters: Float64Array, grid: Grid): Promise<Row[]> {
    const reduce = rangeFunctions[name];
    if (!reduce) throw new Error(`no function of ranges is named ${name}`);
    const { series, rangeMs, offsetMs } = await this.#samples(range, grid);
    const rows: Row[] = [];
    for (const one of series) {
      this.meter.make(grid.steps);
      const row = await this.#slid(one, reduce, parameters, rangeMs, offsetMs, grid);
      if (isEverPresent(row)) rows.push(row);
    }
    // What is the last sample is still that metric.
    return name === 'last_over_time' ? rows : relabeled(rows, grid.steps, this.meter, withoutName);
  }

  async #slid(
    { labels, timesMs, values }: Samples,
    reduce: RangeFunction,
    parameters: Float64Array,
    rangeMs: number,
    offsetMs: number,
    { startMs, stepMs, steps }: Grid,
  ): Promise<Row> {
    const row = emptyRow(labels, steps);
    const window: Window = { timesMs, values, from: 0, to: 0, startMs: 0, endMs: 0, parameter: 0 };
    for (let step = 0; step < steps; step++) {
      window.endMs = startMs + step * stepMs - offsetMs;
      window.startMs = window.endMs - rangeMs;
      window.parameter = parameters[step] ?? Number.NaN;
      while (window.to < timesMs.length && (timesMs[window.to] ?? 0) <= window.endMs) window.to++;
      while (window.from < window.to && (timesMs[window.from] ?? 0) <= window.startMs) window.from++;
      if (this.meter.spend(1 + window.to - window.from)) await this.meter.turn();
      if (window.from === window.to) continue;
      const value = reduce(window);
      if (value === undefined) continue;
      row.present[step] = 1;
      row.values[step] = value;
    }
    return row;
  }

  async #samples(range: Expression, grid: Grid): Promise<{ series: readonly Samples[]; rangeMs: number; offsetMs: number }> {
    if (range.kind === 'subquery') return { series: await this.#subquery(range, grid), rangeMs: range.rangeMs, offsetMs: range.offsetMs };
    if (range.kind !== 'range') throw new Error('no range where the parser has seen to one');
    return { series: await this.#raw(range, grid), rangeMs: range.rangeMs, offsetMs: range.selector.offsetMs };
  }

  async #raw({ selector, rangeMs }: RangeSelector, { startMs, stepMs, steps }: Grid): Promise<Samples[]> {
    const { source, meter } = this.#options;
    const { matchers, offsetMs } = selector;
    const endMs = startMs + (steps - 1) * stepMs;
    const found = await source.select(matchers, startMs - offsetMs - rangeMs, endMs - offsetMs, meter);
    const kept: Samples[] = [];
    for (const series of found) {
      kept.push(withoutEnds(series));
      if (meter.spend(series.timesMs.length)) await meter.turn();
    }
    return kept;
  }

  /** At multiples of its step, whatever the times of the query, so that a query that moves on sees the same. */
  async #subquery(
    { expression, rangeMs, stepMs: wanted, offsetMs }: Subquery,
    { startMs, stepMs: outerMs, steps }: Grid,
  ): Promise<Samples[]> {
    const stepMs = wanted ?? this.#options.subqueryStepMs;
    const afterMs = startMs - offsetMs - rangeMs;
    const firstMs = (Math.floor(afterMs / stepMs) + 1) * stepMs;
    const endMs = startMs + (steps - 1) * outerMs - offsetMs;
    const inner: Grid = { startMs: firstMs, stepMs, steps: Math.floor((endMs - firstMs) / stepMs) + 1 };
    if (inner.steps <= 0) return [];
    // So many steps would be refused in a query of its own.
    if (inner.steps > stepsMax) throw new PromqlError('execution', `a subquery has at most ${stepsMax} steps; make its step longer`);
    const value = await this.evaluate(expression, inner);
    if (value.type === 'string') return [];
    const rows =
      value.type === 'vector' ? value.rows : [{ labels: {}, values: value.values, present: new Uint8Array(inner.steps).fill(1) }];
    return rows.map((row) => samplesOf(row, inner));
  }

  async #negated(value: Value, steps: number): Promise<Value> {
    if (value.type === 'scalar') return { type: 'scalar', values: value.values.map((one) => -one) };
    if (value.type === 'string') throw new Error('a string where the parser has seen to a number');
    const rows = value.rows.map((row) => ({ ...row, values: row.values.map((one) => -one) }));
    return { type: 'vector', rows: await relabeled(rows, steps, this.meter, withoutName) };
  }

  async #aggregated(aggregation: Aggregation, grid: Grid): Promise<Row[]> {
    const parameters = await this.scalar(aggregation.parameter, grid);
    const rows = await this.vector(aggregation.expression, grid);
    return aggregated(aggregation, rows, parameters, grid.steps, this.meter);
  }

  async #binary(binary: Binary, grid: Grid): Promise<Value> {
    const left = await this.evaluate(binary.left, grid);
    const right = await this.evaluate(binary.right, grid);
    if (left.type === 'string' || right.type === 'string') throw new Error('a string where the parser has seen to a number');
    if (left.type === 'scalar') {
      if (right.type === 'scalar') return { type: 'scalar', values: betweenScalars(binary, left.values, right.values) };
      return { type: 'vector', rows: await withScalar(binary, right.rows, left.values, true, this.meter) };
    }
    if (right.type === 'scalar') return { type: 'vector', rows: await withScalar(binary, left.rows, right.values, false, this.meter) };
    const operate = setOperators.has(binary.operator) ? setOperation : betweenVectors;
    return { type: 'vector', rows: await operate(binary, left.rows, right.rows, grid.steps, this.meter) };
  }
}

function withoutEnds(series: Samples): Samples {
  const { labels, timesMs, values } = series;
  const kept = { labels, timesMs: [] as number[], values: [] as number[] };
  for (let index = 0; index < timesMs.length; index++) {
    const value = values[index] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    kept.timesMs.push(timesMs[index] ?? 0);
    kept.values.push(value);
  }
  return kept;
}

function samplesOf({ labels, values, present }: Row, { startMs, stepMs, steps }: Grid): Samples {
  const timesMs: number[] = [];
  const kept: number[] = [];
  for (let step = 0; step < steps; step++) {
    if (!present[step]) continue;
    timesMs.push(startMs + step * stepMs);
    kept.push(values[step] ?? Number.NaN);
  }
  return { labels, timesMs, values: kept };
}
