// Functions of one value at a step.
import { anchored } from './matchers.ts';
import type { Meter } from './meter.ts';
import { PromqlError } from './promql-error.ts';
import { type Bucket, histogramQuantile } from './quantile.ts';
import { relabeled } from './row-set.ts';
import { allBut, emptyRow, keyOf, type Labels, type Row } from './series.ts';

/** Of a value and the numbers that follow it in the call. */
export const mathFunctions: Readonly<Record<string, (value: number, first: number, second: number) => number>> = {
  abs: Math.abs,
  ceil: Math.ceil,
  floor: Math.floor,
  exp: Math.exp,
  sqrt: Math.sqrt,
  ln: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  sgn: Math.sign,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  deg: (value) => (value * 180) / Math.PI,
  rad: (value) => (value * Math.PI) / 180,
  // Halves go up; dividing by the inverse is exact where 0.1 is not.
  round: (value, to) => Math.floor(value * (1 / to) + 0.5) / (1 / to),
  clamp: (value, least, most) => Math.max(least, Math.min(most, value)),
  clamp_min: (value, least) => Math.max(least, value),
  clamp_max: (value, most) => Math.min(most, value),
};

const day = (date: Date) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());

/** Of seconds since 1970, in UTC. */
export const dateFunctions: Readonly<Record<string, (date: Date) => number>> = {
  minute: (date) => date.getUTCMinutes(),
  hour: (date) => date.getUTCHours(),
  day_of_week: (date) => date.getUTCDay(),
  day_of_month: (date) => date.getUTCDate(),
  day_of_year: (date) => (day(date) - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000 + 1,
  days_in_month: (date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
  month: (date) => date.getUTCMonth() + 1,
  year: (date) => date.getUTCFullYear(),
};

const labelName = /^[a-zA-Z_]\w*$/;

export function labelReplace(rows: readonly Row[], args: readonly string[], steps: number, meter: Meter): Promise<Row[]> {
  const [target = '', replacement = '', source = '', pattern = ''] = args;
  const expression = compiled(pattern);
  requireLabelName(target, 'label_replace');
  return relabeled(rows, steps, meter, (labels) => {
    const matcher = expression.matcher(labels[source] ?? '');
    if (!matcher.matches()) return labels;
    const value = replacement.replace(/\$(?:(\$)|(\w+)|\{(\w+)\})/g, (_all, dollar, bare, braced) => {
      if (dollar) return '$';
      const group: string = bare ?? braced;
      try {
        return matcher.group(/^\d+$/.test(group) ? Number(group) : group) ?? '';
      } catch {
        // A group that the expression does not have stands for nothing.
        return '';
      }
    });
    return withLabel(labels, target, value);
  });
}

export function labelJoin(rows: readonly Row[], args: readonly string[], steps: number, meter: Meter): Promise<Row[]> {
  const [target = '', separator = '', ...sources] = args;
  requireLabelName(target, 'label_join');
  return relabeled(rows, steps, meter, (labels) =>
    withLabel(labels, target, sources.map((source) => labels[source] ?? '').join(separator)),
  );
}

function compiled(pattern: string) {
  try {
    return anchored(pattern);
  } catch (error) {
    throw new PromqlError('execution', `invalid regular expression in label_replace(): ${pattern}: ${(error as Error).message}`);
  }
}

function requireLabelName(name: string, where: string): void {
  if (!labelName.test(name)) throw new PromqlError('execution', `invalid destination label name in ${where}(): ${name}`);
}

function withLabel(labels: Labels, name: string, value: string): Labels {
  const changed: Record<string, string> = { ...labels };
  if (value === '') delete changed[name];
  else changed[name] = value;
  return changed;
}

/** Series with a bound as their label `le` → one of each group. */
export async function histogramQuantiles(quantiles: Float64Array, rows: readonly Row[], meter: Meter): Promise<Row[]> {
  const steps = quantiles.length;
  const groups = new Map<string, { labels: Labels; buckets: { upperBound: number; row: Row }[] }>();
  for (const row of rows) {
    const upperBound = boundOf(row.labels.le);
    if (upperBound === undefined) continue;
    const labels = allBut(row.labels, ['le']);
    const key = keyOf(labels);
    const group = groups.get(key) ?? { labels, buckets: [] };
    group.buckets.push({ upperBound, row });
    groups.set(key, group);
  }
  const found: Row[] = [];
  for (const { labels, buckets } of groups.values()) {
    meter.make(steps);
    const result = emptyRow(labels, steps);
    for (let step = 0; step < steps; step++) {
      const there: Bucket[] = [];
      for (const { upperBound, row } of buckets) if (row.present[step]) there.push({ upperBound, count: row.values[step] ?? Number.NaN });
      if (meter.spend(buckets.length * 4)) await meter.turn();
      if (there.length === 0) continue;
      result.present[step] = 1;
      result.values[step] = histogramQuantile(quantiles[step] ?? Number.NaN, there);
    }
    found.push(result);
  }
  return found;
}

function boundOf(le: string | undefined): number | undefined {
  if (le === undefined) return undefined;
  if (/^\+?Inf$/i.test(le)) return Number.POSITIVE_INFINITY;
  const bound = le === '' ? Number.NaN : Number(le);
  return Number.isNaN(bound) ? undefined : bound;
}
