// The history's answer, laid over the times of a chart: a number or nothing for each, so that a gap is a gap.
import { type ChartSpec, type LineLook, seriesName } from './chart-spec.ts';
import { type Grid, timesOf } from './span.ts';

export interface RangeAnswer {
  data: { resultType: string; result: { metric: Record<string, string>; values: [seconds: number, value: string][] }[] };
}

export interface ChartSeries {
  name: string;
  look: LineLook | undefined;
  /** One for each of the chart's times; null where there was no sample. */
  values: (number | null)[];
}

export interface ChartData {
  times: number[];
  series: ChartSeries[];
  /** Series that are left out, as there are too many to tell apart. */
  hidden: number;
}

/** As many as one can tell apart by colour and dash. */
export const seriesMax = 10;

export function chartData(spec: ChartSpec, grid: Grid, { data }: RangeAnswer): ChartData {
  const times = timesOf(grid);
  const all = data.result.flatMap(({ metric, values }) => {
    const found = seriesName(spec, metric);
    return found ? [{ ...found, values: aligned(values, grid, times.length) }] : [];
  });
  // What was asked for and the most that there may be are never left out.
  const bounds = all.filter(({ line }) => line.look === 'requested' || line.look === 'limit');
  const measured = all.filter((one) => !bounds.includes(one)).sort((a, b) => order(spec, a, b));
  const largest = new Set([...measured].sort((a, b) => largestOf(b.values) - largestOf(a.values)).slice(0, seriesMax));
  const shown = [...measured.filter((one) => largest.has(one)), ...bounds];
  return {
    times,
    series: shown.map(({ name, line, values }) => ({ name, look: line.look, values })),
    hidden: measured.length - largest.size,
  };
}

type Named = { name: string; line: ChartSpec['lines'][number] };

function order({ lines }: ChartSpec, a: Named, b: Named): number {
  return lines.indexOf(a.line) - lines.indexOf(b.line) || (a.name < b.name ? -1 : 1);
}

function largestOf(values: (number | null)[]): number {
  return values.reduce<number>((largest, value) => Math.max(largest, value ?? 0), 0);
}

/** A number that is none (0/0) is no sample. */
function aligned(values: [number, string][], { startSeconds, stepSeconds }: Grid, length: number): (number | null)[] {
  const row = new Array<number | null>(length).fill(null);
  for (const [seconds, text] of values) {
    const index = Math.round((seconds - startSeconds) / stepSeconds);
    const value = Number(text);
    if (index >= 0 && index < length && Number.isFinite(value)) row[index] = value;
  }
  return row;
}
