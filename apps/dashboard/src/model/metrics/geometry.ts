// Where the lines of a chart run, in pixels.
import type { ChartSeries } from './matrix.ts';

export interface Plot {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** @returns pixels from the left of the chart */
export function xOf({ left, width }: Plot, index: number, count: number): number {
  return left + (count < 2 ? 0 : (index / (count - 1)) * width);
}

export function yOf({ top, height }: Plot, value: number, max: number): number {
  return top + height - (Math.min(Math.max(value, 0), max) / max) * height;
}

/** An SVG path that breaks where there is no value; one that stands alone is a dot, by round ends. */
export function linePath(plot: Plot, values: ChartSeries['values'], max: number): string {
  let path = '';
  let isDrawing = false;
  values.forEach((value, index) => {
    if (value === null) {
      isDrawing = false;
      return;
    }
    const point = `${rounded(xOf(plot, index, values.length))} ${rounded(yOf(plot, value, max))}`;
    const isAlone = !isDrawing && (values[index + 1] ?? null) === null;
    path += isDrawing ? `L${point}` : `M${point}${isAlone ? 'h0' : ''}`;
    isDrawing = true;
  });
  return path;
}

export function nearestIndex(plot: Plot, x: number, count: number): number {
  const share = plot.width > 0 ? (x - plot.left) / plot.width : 0;
  return Math.min(count - 1, Math.max(0, Math.round(share * (count - 1))));
}

function rounded(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

/** Which of the times have a label below: on round hours and minutes, as many as there is room for. */
export function timeMarks(times: number[], wanted: number, offsetSeconds: number): number[] {
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const steps = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600];
  const step = steps.find((candidate) => span / candidate <= wanted) ?? 43_200;
  return times.flatMap((seconds, index) => {
    const before = times[index - 1];
    if (before === undefined) return [];
    return Math.floor((before + offsetSeconds) / step) < Math.floor((seconds + offsetSeconds) / step) ? [index] : [];
  });
}
