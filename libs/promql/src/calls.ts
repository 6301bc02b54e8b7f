// Calls of functions: their arguments are evaluated here, and what they do lies in files of its own by what they take.
import type { Meter } from './meter.ts';
import { PromqlError } from './promql-error.ts';
import { rangeFunctions } from './range-functions.ts';
import { relabeled } from './row-set.ts';
import { emptyRow, type Grid, type Labels, type Row, type Value, withoutName } from './series.ts';
import type { Call, Expression, Matcher, Selector } from './syntax.ts';
import { dateFunctions, histogramQuantiles, labelJoin, labelReplace, mathFunctions } from './vector-functions.ts';

/** What evaluates arguments. */
export interface Evaluates {
  meter: Meter;
  vector(expression: Expression, grid: Grid): Promise<Row[]>;
  scalar(expression: Expression | undefined, grid: Grid): Promise<Float64Array>;
  newest(selector: Selector, grid: Grid, wanted: 'value' | 'time'): Promise<Row[]>;
  overRange(call: Call, range: Expression, parameters: Float64Array, grid: Grid): Promise<Row[]>;
}

type Special = (of: Evaluates, call: Call, grid: Grid) => Promise<Value>;

/** @throws PromqlError */
export async function callFunction(of: Evaluates, call: Call, grid: Grid): Promise<Value> {
  const { name, args } = call;
  const special = specials[name];
  if (special) return special(of, call, grid);
  if (rangeFunctions[name]) {
    const range = args.find(({ kind }) => kind === 'range' || kind === 'subquery');
    const parameter = args.find((arg) => arg !== range);
    if (!range) throw new Error(`no range for ${name} where the parser has seen to one`);
    return vector(await of.overRange(call, range, await of.scalar(parameter, grid), grid));
  }
  if (dateFunctions[name]) return vector(await dated(of, call, grid));
  if (mathFunctions[name]) return vector(await calculated(of, call, grid));
  throw new PromqlError('execution', `unknown function with name "${name}"`);
}

const vector = (rows: Row[]): Value => ({ type: 'vector', rows });

const specials: Readonly<Record<string, Special>> = {
  time: async (_of, _call, grid) => ({ type: 'scalar', values: times(grid) }),
  pi: async (_of, _call, { steps }) => ({ type: 'scalar', values: new Float64Array(steps).fill(Math.PI) }),
  vector: async (of, { args }, grid) => vector([always({}, await of.scalar(args[0], grid))]),
  scalar: async (of, { args: [arg] }, grid) => ({
    type: 'scalar',
    values: await onlyValues(arg ? await of.vector(arg, grid) : [], grid.steps, of.meter),
  }),
  sort: (of, call, grid) => sorted(of, call, grid, 1),
  sort_desc: (of, call, grid) => sorted(of, call, grid, -1),
  absent: async (of, { args: [arg] }, grid) =>
    arg ? vector(await absence(arg, await of.vector(arg, grid), grid.steps, of.meter)) : vector([]),
  absent_over_time: async (of, call, grid) => {
    const [range] = call.args;
    if (!range) return vector([]);
    const there = await of.overRange({ ...call, name: 'present_over_time' }, range, new Float64Array(grid.steps), grid);
    return vector(await absence(range.kind === 'range' ? range.selector : range, there, grid.steps, of.meter));
  },
  timestamp: async (of, { args: [arg] }, grid) => vector(arg ? await sampledAt(of, arg, grid) : []),
  histogram_quantile: async (of, { args: [quantile, buckets] }, grid) =>
    vector(buckets ? await histogramQuantiles(await of.scalar(quantile, grid), await of.vector(buckets, grid), of.meter) : []),
  label_replace: async (of, { args: [arg, ...rest] }, grid) =>
    vector(arg ? await labelReplace(await of.vector(arg, grid), texts(rest), grid.steps, of.meter) : []),
  label_join: async (of, { args: [arg, ...rest] }, grid) =>
    vector(arg ? await labelJoin(await of.vector(arg, grid), texts(rest), grid.steps, of.meter) : []),
};

function texts(args: readonly Expression[]): string[] {
  return args.map((arg) => (arg.kind === 'string' ? arg.value : ''));
}

/** Seconds. */
function times({ startMs, stepMs, steps }: Grid): Float64Array {
  return Float64Array.from({ length: steps }, (_none, step) => (startMs + step * stepMs) / 1000);
}

function always(labels: Labels, values: Float64Array): Row {
  return { labels, values, present: new Uint8Array(values.length).fill(1) };
}

/** Where there is one series; NaN elsewhere. */
async function onlyValues(rows: Row[], steps: number, meter: Meter): Promise<Float64Array> {
  const only = new Float64Array(steps).fill(Number.NaN);
  const found = new Uint8Array(steps);
  await meter.each(rows, steps, ({ values, present }) => {
    for (let step = 0; step < steps; step++) {
      if (!present[step]) continue;
      only[step] = found[step] ? Number.NaN : (values[step] ?? Number.NaN);
      found[step] = 1;
    }
  });
  return only;
}

async function sorted(of: Evaluates, { args: [arg] }: Call, grid: Grid, direction: 1 | -1): Promise<Value> {
  const rows = arg ? await of.vector(arg, grid) : [];
  // NaN comes last in either direction.
  const value = ({ values: [first = Number.NaN] }: Row) => (Number.isNaN(first) ? Number.POSITIVE_INFINITY : first * direction);
  return vector(rows.toSorted((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0)));
}

/** 1 where there is nothing, with the labels that the selector leaves no doubt about. */
async function absence(argument: Expression, rows: readonly Row[], steps: number, meter: Meter): Promise<Row[]> {
  const row = emptyRow(argument.kind === 'selector' ? certain(argument.matchers) : {}, steps);
  row.present.fill(1);
  row.values.fill(1);
  await meter.each(rows, steps, ({ present }) => {
    for (let step = 0; step < steps; step++) if (present[step]) row.present[step] = 0;
  });
  return row.present.includes(1) ? [row] : [];
}

function certain(matchers: readonly Matcher[]): Labels {
  const labels: Record<string, string> = {};
  for (const { label, operator, value } of matchers) {
    const isOnly = matchers.filter((other) => other.label === label).length === 1;
    if (label !== '__name__' && operator === '=' && isOnly && value !== '') labels[label] = value;
  }
  return labels;
}

async function sampledAt(of: Evaluates, arg: Expression, grid: Grid): Promise<Row[]> {
  const rows = arg.kind === 'selector' ? await of.newest(arg, grid, 'time') : await of.vector(arg, grid);
  const evaluated = times(grid);
  const stamped = arg.kind === 'selector' ? rows : rows.map((row) => ({ ...row, values: evaluated }));
  return relabeled(stamped, grid.steps, of.meter, withoutName);
}

async function dated(of: Evaluates, { name, args: [arg] }: Call, grid: Grid): Promise<Row[]> {
  const read = dateFunctions[name];
  if (!read) throw new Error(`no function of dates is named ${name}`);
  const rows = arg ? await of.vector(arg, grid) : [always({}, times(grid))];
  const changed = rows.map((row) => ({ ...row, values: row.values.map((seconds) => read(new Date(seconds * 1000))) }));
  return relabeled(changed, grid.steps, of.meter, withoutName);
}

async function calculated(of: Evaluates, { name, args: [arg, ...rest] }: Call, grid: Grid): Promise<Row[]> {
  const calculate = mathFunctions[name];
  if (!calculate || !arg) throw new Error(`no function of numbers is named ${name}`);
  const [first, second] = [await of.scalar(rest[0], grid), await of.scalar(rest[1], grid)];
  const isDefault = name === 'round' && rest.length === 0;
  const changed: Row[] = [];
  for (const row of await of.vector(arg, grid)) {
    of.meter.make(grid.steps);
    const values = row.values.map((value, step) =>
      calculate(value, isDefault ? 1 : (first[step] ?? Number.NaN), second[step] ?? Number.NaN),
    );
    // Nothing is between bounds that are the wrong way round.
    const present =
      name === 'clamp' ? row.present.map((is, step) => (is && !((first[step] ?? 0) > (second[step] ?? 0)) ? 1 : 0)) : row.present;
    changed.push({ ...row, values, present });
    if (of.meter.spend(grid.steps)) await of.meter.turn();
  }
  return relabeled(changed, grid.steps, of.meter, withoutName);
}
