// Operators between numbers and series. Two vectors are joined by their labels: one series of either side to one, or to several where
// the expression says so; and, or and unless ask only whether the other side has one.
import { type Meter, workOfLabels } from './meter.ts';
import { PromqlError } from './promql-error.ts';
import { RowSet } from './row-set.ts';
import { allBut, emptyRow, keyOf, type Labels, only, type Row, withoutName } from './series.ts';
import type { Binary, Matching } from './syntax.ts';
import { comparisons } from './types.ts';

type Operation = Pick<Binary, 'operator' | 'bool' | 'matching'>;

const operations: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': (a, b) => a ** b,
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '<': (a, b) => Number(a < b),
  '<=': (a, b) => Number(a <= b),
  '>': (a, b) => Number(a > b),
  '>=': (a, b) => Number(a >= b),
};

function operationOf(operator: string): (a: number, b: number) => number {
  const operation = operations[operator];
  if (!operation) throw new Error(`no operator is written ${operator}`);
  return operation;
}

export function betweenScalars({ operator }: Operation, left: Float64Array, right: Float64Array): Float64Array {
  const operation = operationOf(operator);
  return left.map((value, step) => operation(value, right[step] ?? Number.NaN));
}

/** @param scalarIsLeft on which side the number is */
export async function withScalar(
  { operator, bool }: Operation,
  rows: readonly Row[],
  scalar: Float64Array,
  scalarIsLeft: boolean,
  meter: Meter,
): Promise<Row[]> {
  const operation = operationOf(operator);
  const isFilter = comparisons.has(operator) && !bool;
  const steps = scalar.length;
  const set = new RowSet(steps, meter);
  for (const { labels, values, present } of rows) {
    meter.make(steps);
    const row = emptyRow(isFilter ? labels : withoutName(labels), steps);
    for (let step = 0; step < steps; step++) {
      if (!present[step]) continue;
      const value = values[step] ?? Number.NaN;
      const other = scalar[step] ?? Number.NaN;
      const result = scalarIsLeft ? operation(other, value) : operation(value, other);
      if (isFilter && !result) continue;
      row.present[step] = 1;
      row.values[step] = isFilter ? value : result;
    }
    set.add(row);
    if (meter.spend(steps)) await meter.turn();
  }
  return set.rows;
}

function signatureOf({ on, labels: names }: Matching, labels: Labels): string {
  return keyOf(on ? only(labels, names) : allBut(labels, names));
}

export async function setOperation(
  { operator, matching }: Operation,
  left: readonly Row[],
  right: readonly Row[],
  steps: number,
  meter: Meter,
): Promise<Row[]> {
  const set = new RowSet(steps, meter);
  const keep = async (rows: readonly Row[], others: Map<string, Uint8Array> | undefined, whereThere: boolean) => {
    for (const row of rows) {
      const there = others?.get(signatureOf(matching, row.labels));
      meter.make(steps);
      const present = row.present.map((is, step) => (is && (!others || (there?.[step] === 1) === whereThere) ? 1 : 0));
      set.add({ ...row, values: row.values.slice(), present });
      if (meter.spend(steps)) await meter.turn();
    }
  };
  if (operator === 'or') {
    await keep(left, undefined, true);
    await keep(right, await presences(left, matching, meter), false);
  } else await keep(left, await presences(right, matching, meter), operator === 'and');
  return set.rows;
}

/** By signature: at which steps there is any. */
async function presences(rows: readonly Row[], matching: Matching, meter: Meter): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  await meter.each(rows, workOfLabels, ({ labels, present }) => {
    const signature = signatureOf(matching, labels);
    const known = found.get(signature);
    found.set(signature, known ? known.map((is, step) => is | (present[step] ?? 0)) : present);
  });
  return found;
}

export async function betweenVectors(
  operation: Operation,
  left: readonly Row[],
  right: readonly Row[],
  steps: number,
  meter: Meter,
): Promise<Row[]> {
  const { matching } = operation;
  const isSwapped = matching.many === 'right';
  const [many, one] = isSwapped ? [right, left] : [left, right];
  const ones = new Map<string, Row[]>();
  await meter.each(one, workOfLabels, (row) => {
    const signature = signatureOf(matching, row.labels);
    const group = ones.get(signature);
    if (group) group.push(row);
    else ones.set(signature, [row]);
  });
  for (const group of ones.values()) await refuseTwoAtOnce(group, matching, isSwapped ? 'left' : 'right', steps, meter);
  const join = new Join(operation, steps, meter);
  for (const row of many) {
    const signature = signatureOf(matching, row.labels);
    for (const other of ones.get(signature) ?? []) {
      join.add(signature, row, other);
      if (meter.spend(steps)) await meter.turn();
    }
    if (meter.spend(workOfLabels)) await meter.turn();
  }
  return join.rows;
}

async function refuseTwoAtOnce(group: Row[], { labels: names, on }: Matching, side: string, steps: number, meter: Meter): Promise<void> {
  if (group.length < 2) return;
  const known: (Row | undefined)[] = new Array(steps);
  for (const second of group) {
    if (meter.spend(steps)) await meter.turn();
    const step = second.present.findIndex((is, index) => is === 1 && known[index] !== undefined);
    const first = known[step];
    if (!first) {
      for (let index = 0; index < steps; index++) if (second.present[index]) known[index] = second;
      continue;
    }
    const common = labelText(on ? only(first.labels, names) : allBut(first.labels, names));
    const found = `[${labelText(second.labels)}, ${labelText(first.labels)}]`;
    throw new PromqlError(
      'execution',
      `found duplicate series for the match group ${common} on the ${side} hand-side of the operation: ${found};many-to-many matching not allowed: matching labels must be unique on one side`,
    );
  }
}

function labelText({ __name__: name = '', ...rest }: Labels): string {
  return `${name}{${Object.entries(rest)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(', ')}}`;
}

/** Pairs of series under the labels that the result has. */
class Join {
  readonly #operation: Operation;
  readonly #steps: number;
  readonly #meter: Meter;
  readonly #results = new Map<string, Row>();
  /** Where one side has one for one: at which steps a match is made already. */
  readonly #matched = new Map<string, Uint8Array>();

  constructor(operation: Operation, steps: number, meter: Meter) {
    this.#operation = operation;
    this.#steps = steps;
    this.#meter = meter;
  }

  get rows(): Row[] {
    return [...this.#results.values()];
  }

  add(signature: string, many: Row, one: Row): void {
    const { operator, bool, matching } = this.#operation;
    const operation = operationOf(operator);
    const isFilter = comparisons.has(operator) && !bool;
    const [left, right] = matching.many === 'right' ? [one, many] : [many, one];
    const row = this.#result(this.#labels(many.labels, one.labels, isFilter));
    const matched = matching.many ? undefined : this.#matchedOf(signature);
    for (let step = 0; step < this.#steps; step++) {
      if (!many.present[step] || !one.present[step]) continue;
      if (matched?.[step]) throw multiple('many-to-one matching must be explicit (group_left/group_right)');
      if (matched) matched[step] = 1;
      const value = left.values[step] ?? Number.NaN;
      const result = operation(value, right.values[step] ?? Number.NaN);
      if (isFilter && !result) continue;
      if (row.present[step]) throw multiple('grouping labels must ensure unique matches');
      row.present[step] = 1;
      row.values[step] = isFilter ? value : result;
    }
  }

  #labels(many: Labels, one: Labels, isFilter: boolean): Labels {
    const { matching } = this.#operation;
    const named = isFilter ? many : withoutName(many);
    if (!matching.many) {
      if (matching.on) return only(named, matching.labels);
      return Object.fromEntries(Object.entries(named).filter(([name]) => !matching.labels.includes(name)));
    }
    if (matching.include.length === 0) return named;
    const labels: Record<string, string> = { ...named };
    for (const name of matching.include) {
      if (one[name]) labels[name] = one[name];
      else delete labels[name];
    }
    return labels;
  }

  #result(labels: Labels): Row {
    const key = keyOf(labels);
    const known = this.#results.get(key);
    if (known) return known;
    this.#meter.make(this.#steps);
    const row = emptyRow(labels, this.#steps);
    this.#results.set(key, row);
    return row;
  }

  #matchedOf(signature: string): Uint8Array {
    const known = this.#matched.get(signature) ?? new Uint8Array(this.#steps);
    this.#matched.set(signature, known);
    return known;
  }
}

function multiple(what: string): PromqlError {
  return new PromqlError('execution', `multiple matches for labels: ${what}`);
}
