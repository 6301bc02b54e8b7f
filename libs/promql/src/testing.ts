// Series for tests, written as promtool's tests write them: `name{label="value"} 0+10x5 _ 7`, a sample every 30 s from time 0.
import { Evaluator, type Source } from './evaluator.ts';
import { fitsAll } from './matchers.ts';
import { Meter } from './meter.ts';
import { parse } from './parser.ts';
import { type Grid, type Row, type Samples, withoutName } from './series.ts';

export const everyMs = 30_000;

export function series(line: string): Samples {
  const [, selector = '', text = ''] = /^(\S*?(?:\{.*\})?)\s+(.*)$/.exec(line) ?? [];
  const expression = parse(selector);
  if (expression.kind !== 'selector') throw new Error(`not a series: ${line}`);
  const labels = Object.fromEntries(expression.matchers.map(({ label, value }) => [label, value]));
  const timesMs: number[] = [];
  const values: number[] = [];
  for (const [index, value] of text.split(/\s+/).flatMap(expanded).entries()) {
    if (value === undefined) continue;
    timesMs.push(index * everyMs);
    values.push(value);
  }
  return { labels, timesMs, values };
}

/** `a+bxn`: a, a + b, … n times more; `_`: none; `stale`: the end. */
function expanded(word: string): (number | undefined)[] {
  if (word === '_') return [undefined];
  if (word === 'stale') return [Number.NaN];
  const [, start, change = 0, times = 0] = /^(-?[\d.]+)(?:([+-][\d.]+)x(\d+))?$/.exec(word) ?? [];
  if (start === undefined) throw new Error(`not a value: ${word}`);
  return Array.from({ length: Number(times) + 1 }, (_none, index) => Number(start) + Number(change) * index);
}

export function sourceOf(all: readonly Samples[]): Source {
  return { select: async (matchers) => all.filter(({ labels }) => fitsAll(matchers, labels)) };
}

export function evaluatorOver(
  all: readonly Samples[],
  turn: () => Promise<void> = async () => {},
  valuesMax = 1e6,
  workMax = 1e8,
): Evaluator {
  const meter = new Meter({ valuesMax, workMax, turn });
  return new Evaluator({ source: sourceOf(all), meter, lookbackMs: 300_000, subqueryStepMs: everyMs });
}

/** At one time: `name{a="b"}` → value; a number for a scalar. */
export async function instant(all: readonly Samples[], text: string, atMs: number): Promise<Record<string, number> | number | string> {
  const value = await evaluatorOver(all).evaluate(parse(text), { startMs: atMs, stepMs: everyMs, steps: 1 });
  if (value.type === 'string') return value.value;
  if (value.type === 'scalar') return value.values[0] ?? Number.NaN;
  return Object.fromEntries(value.rows.filter(({ present }) => present[0]).map((row) => [labelText(row), row.values[0] ?? Number.NaN]));
}

export async function overGrid(all: readonly Samples[], text: string, grid: Grid): Promise<Record<string, (number | undefined)[]>> {
  const value = await evaluatorOver(all).evaluate(parse(text), grid);
  if (value.type !== 'vector') throw new Error(`a ${value.type}`);
  return Object.fromEntries(
    value.rows.map((row) => [labelText(row), Array.from(row.values, (one, step) => (row.present[step] ? one : undefined))]),
  );
}

function labelText({ labels }: Row): string {
  const pairs = Object.entries(withoutName(labels)).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${labels.__name__ ?? ''}{${pairs.map(([name, value]) => `${name}="${value}"`).join(',')}}`;
}
