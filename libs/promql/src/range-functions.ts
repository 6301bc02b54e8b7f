// What is made of the samples in a window of time.
// Semantics: https://prometheus.io/docs/prometheus/latest/querying/functions/; a window is open at its beginning, as in Prometheus 3.
import { quantileOf } from './quantile.ts';

export interface Window {
  timesMs: ArrayLike<number>;
  values: ArrayLike<number>;
  /** The first that is in it, and the first after it; at least one is. */
  from: number;
  to: number;
  startMs: number;
  endMs: number;
  /** Of functions that take a number beside the window. */
  parameter: number;
}

/** Undefined: there is none. */
export type RangeFunction = (window: Window) => number | undefined;

export const rangeFunctions: Readonly<Record<string, RangeFunction>> = {
  rate: (window) => extrapolated(window, true, true),
  increase: (window) => extrapolated(window, true, false),
  delta: (window) => extrapolated(window, false, false),
  irate: (window) => ofLastTwo(window, true),
  idelta: (window) => ofLastTwo(window, false),
  changes: (window) => count(window, (value, previous) => value !== previous && !(Number.isNaN(value) && Number.isNaN(previous))),
  resets: (window) => count(window, (value, previous) => value < previous),
  deriv: (window) => regression(window, window.timesMs[window.from] ?? 0)?.slope,
  predict_linear: (window) => {
    const line = regression(window, window.endMs);
    return line && line.intercept + line.slope * window.parameter;
  },
  avg_over_time: (window) => sum(window) / (window.to - window.from),
  min_over_time: (window) => fold(window, (value, least) => value < least || Number.isNaN(least)),
  max_over_time: (window) => fold(window, (value, most) => value > most || Number.isNaN(most)),
  sum_over_time: sum,
  count_over_time: ({ from, to }) => to - from,
  last_over_time: ({ values, to }) => values[to - 1],
  present_over_time: () => 1,
  stddev_over_time: (window) => Math.sqrt(variance(window)),
  stdvar_over_time: variance,
  quantile_over_time: ({ values, from, to, parameter }) => quantileOf(parameter, Array.from(values).slice(from, to)),
};

function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? Number.NaN;
}

/** As far as the samples reach, and to the window's ends where these are not much farther than samples are from each other. */
function extrapolated({ timesMs, values, from, to, startMs, endMs }: Window, isCounter: boolean, isRate: boolean): number | undefined {
  if (to - from < 2) return undefined;
  const first = at(values, from);
  let increase = at(values, to - 1) - first;
  if (isCounter) {
    for (let index = from + 1; index < to; index++) if (at(values, index) < at(values, index - 1)) increase += at(values, index - 1);
  }
  const sampledSeconds = (at(timesMs, to - 1) - at(timesMs, from)) / 1000;
  const betweenSeconds = sampledSeconds / (to - from - 1);
  const thresholdSeconds = betweenSeconds * 1.1;
  let toStart = (at(timesMs, from) - startMs) / 1000;
  let toEnd = (endMs - at(timesMs, to - 1)) / 1000;
  if (toStart >= thresholdSeconds) toStart = betweenSeconds / 2;
  // A counter was never below zero.
  if (isCounter && increase > 0 && first >= 0) toStart = Math.min(toStart, sampledSeconds * (first / increase));
  if (toEnd >= thresholdSeconds) toEnd = betweenSeconds / 2;
  const whole = (increase * (sampledSeconds + toStart + toEnd)) / sampledSeconds;
  return isRate ? whole / ((endMs - startMs) / 1000) : whole;
}

function ofLastTwo({ timesMs, values, from, to }: Window, isRate: boolean): number | undefined {
  if (to - from < 2) return undefined;
  const last = at(values, to - 1);
  const previous = at(values, to - 2);
  if (!isRate) return last - previous;
  const seconds = (at(timesMs, to - 1) - at(timesMs, to - 2)) / 1000;
  return seconds === 0 ? undefined : (last < previous ? last : last - previous) / seconds;
}

function count({ values, from, to }: Window, counts: (value: number, previous: number) => boolean): number {
  let found = 0;
  for (let index = from + 1; index < to; index++) if (counts(at(values, index), at(values, index - 1))) found++;
  return found;
}

function fold({ values, from, to }: Window, replaces: (value: number, kept: number) => boolean): number {
  let kept = at(values, from);
  for (let index = from + 1; index < to; index++) if (replaces(at(values, index), kept)) kept = at(values, index);
  return kept;
}

function sum({ values, from, to }: Window): number {
  let total = 0;
  for (let index = from; index < to; index++) total += at(values, index);
  return total;
}

function variance(window: Window): number {
  const { values, from, to } = window;
  const mean = sum(window) / (to - from);
  let squares = 0;
  for (let index = from; index < to; index++) squares += (at(values, index) - mean) ** 2;
  return squares / (to - from);
}

/** The line of least squares; its height where it crosses `originMs`. */
function regression({ timesMs, values, from, to }: Window, originMs: number): { slope: number; intercept: number } | undefined {
  const samples = to - from;
  if (samples < 2) return undefined;
  let sumX = 0;
  let sumY = 0;
  let sumXY = 0;
  let sumXX = 0;
  for (let index = from; index < to; index++) {
    const x = (at(timesMs, index) - originMs) / 1000;
    const y = at(values, index);
    sumX += x;
    sumY += y;
    sumXY += x * y;
    sumXX += x * x;
  }
  const slope = (sumXY - (sumX * sumY) / samples) / (sumXX - (sumX * sumX) / samples);
  return { slope, intercept: (sumY - slope * sumX) / samples };
}
