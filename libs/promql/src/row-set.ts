// Rows by their labels: two series of the same labels are one, as long as they are never there at the same step.
import { type Meter, workOfLabels } from './meter.ts';
import { PromqlError } from './promql-error.ts';
import { emptyRow, keyOf, type Labels, type Row } from './series.ts';

export class RowSet {
  readonly #rows = new Map<string, Row>();
  readonly #steps: number;
  readonly #meter: Meter;

  constructor(steps: number, meter: Meter) {
    this.#steps = steps;
    this.#meter = meter;
  }

  get rows(): Row[] {
    return [...this.#rows.values()];
  }

  /** The row of these labels, made when there is none. */
  of(labels: Labels): Row {
    const key = keyOf(labels);
    const known = this.#rows.get(key);
    if (known) return known;
    this.#meter.make(this.#steps);
    const row = emptyRow(labels, this.#steps);
    this.#rows.set(key, row);
    return row;
  }

  /** @throws PromqlError where there is a value at a step already */
  add(row: Row): void {
    const key = keyOf(row.labels);
    const known = this.#rows.get(key);
    if (!known) {
      this.#rows.set(key, row);
      return;
    }
    for (let step = 0; step < this.#steps; step++) {
      if (!row.present[step]) continue;
      if (known.present[step]) throw new PromqlError('execution', 'vector cannot contain metrics with the same labelset');
      known.present[step] = 1;
      known.values[step] = row.values[step] ?? Number.NaN;
    }
  }
}

/** Rows under other labels; those that become the same are one. */
export async function relabeled(rows: readonly Row[], steps: number, meter: Meter, relabel: (labels: Labels) => Labels): Promise<Row[]> {
  const set = new RowSet(steps, meter);
  await meter.each(rows, workOfLabels, ({ labels, values, present }) => set.add({ labels: relabel(labels), values, present }));
  return set.rows;
}
