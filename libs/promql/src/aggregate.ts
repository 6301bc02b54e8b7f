// Aggregations: groups of series by their labels, then one value of each group at every step, or the first few of its series.
import { type Meter, workOfLabels } from './meter.ts';
import { quantileOf } from './quantile.ts';
import { allBut, emptyRow, keyOf, type Labels, only, type Row } from './series.ts';
import type { Aggregation } from './syntax.ts';

interface Group {
  labels: Labels;
  rows: Row[];
}

type Reduction = (values: number[], parameter: number) => number;

const mean = (values: number[]) => sum(values) / values.length;
const variance = (values: number[]) => {
  const average = mean(values);
  return sum(values.map((value) => (value - average) ** 2)) / values.length;
};

const reductions: Readonly<Record<string, Reduction>> = {
  sum,
  avg: mean,
  min: (values) => values.reduce((least, value) => (value < least || Number.isNaN(least) ? value : least)),
  max: (values) => values.reduce((most, value) => (value > most || Number.isNaN(most) ? value : most)),
  count: (values) => values.length,
  group: () => 1,
  stdvar: variance,
  stddev: (values) => Math.sqrt(variance(values)),
  quantile: (values, parameter) => quantileOf(parameter, values),
};

function sum(values: number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** @param parameters of every step; unused by those that take none */
export async function aggregated(
  { operator, grouping }: Pick<Aggregation, 'operator' | 'grouping'>,
  rows: readonly Row[],
  parameters: ArrayLike<number>,
  steps: number,
  meter: Meter,
): Promise<Row[]> {
  const groups = await groupsOf(rows, grouping, meter);
  if (operator === 'topk' || operator === 'bottomk') return ranked(groups, operator === 'topk', parameters, steps, meter);
  const reduce = reductions[operator];
  if (!reduce) throw new Error(`no aggregation is named ${operator}`);
  const found: Row[] = [];
  for (const { labels, rows: members } of groups) {
    meter.make(steps);
    const row = emptyRow(labels, steps);
    for (let step = 0; step < steps; step++) {
      const values: number[] = [];
      for (const { values: of, present } of members) if (present[step]) values.push(of[step] ?? Number.NaN);
      if (meter.spend(members.length)) await meter.turn();
      if (values.length === 0) continue;
      row.present[step] = 1;
      row.values[step] = reduce(values, parameters[step] ?? Number.NaN);
    }
    found.push(row);
  }
  return found;
}

async function groupsOf(rows: readonly Row[], { without, labels: names }: Aggregation['grouping'], meter: Meter): Promise<Group[]> {
  const groups = new Map<string, Group>();
  await meter.each(rows, workOfLabels, (row) => {
    const labels = without ? allBut(row.labels, names) : only(row.labels, names);
    const key = keyOf(labels);
    const group = groups.get(key);
    if (group) group.rows.push(row);
    else groups.set(key, { labels, rows: [row] });
  });
  return [...groups.values()];
}

function presentAt(rows: readonly Row[], step: number): Row[] {
  return rows.filter(({ present }) => present[step] === 1);
}

/** Those with the highest or lowest values, in their order at the last step. */
async function ranked(groups: Group[], isHighest: boolean, parameters: ArrayLike<number>, steps: number, meter: Meter): Promise<Row[]> {
  const found: Row[] = [];
  for (const { rows } of groups) {
    const kept = new Map<Row, Row>();
    let order: Row[] = [];
    for (let step = 0; step < steps; step++) {
      const count = Math.max(0, Math.trunc(parameters[step] ?? 0));
      const value = (row: Row) => row.values[step] ?? Number.NaN;
      const sorted = presentAt(rows, step).sort((a, b) => compared(value(a), value(b), isHighest));
      if (meter.spend(rows.length * 4)) await meter.turn();
      order = sorted.slice(0, Number.isNaN(count) ? 0 : count);
      for (const row of order) {
        let chosen = kept.get(row);
        if (!chosen) {
          meter.make(steps);
          chosen = emptyRow(row.labels, steps);
          kept.set(row, chosen);
        }
        chosen.present[step] = 1;
        chosen.values[step] = value(row);
      }
    }
    const first = order.flatMap((row) => kept.get(row) ?? []);
    found.push(...first, ...[...kept.values()].filter((row) => !first.includes(row)));
  }
  return found;
}

/** NaN is behind all others. */
function compared(a: number, b: number, isHighest: boolean): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return isHighest ? b - a : a - b;
}
