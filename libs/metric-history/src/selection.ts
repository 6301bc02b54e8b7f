// The samples of some series out of blocks and memory, in order of time.
import { type Meter, PromqlError, type Samples } from '@berth/promql';
import { type Block, firstMs } from './block-files.ts';
import { ByteReader } from './bytes.ts';
import type { Series } from './series-table.ts';
import { decodeColumn } from './value-codec.ts';

export type Part =
  | { kind: 'block'; block: Block; read(from: number, to: number): Promise<Uint8Array | undefined> }
  | { kind: 'head'; timesMs: readonly number[]; columns: ReadonlyMap<Series, Float64Array> };

interface Gathered {
  timesMs: number[];
  values: number[];
  /** Whether the newest sample is a value. */
  isThere: boolean;
}

interface Place {
  series: Series;
  start: number;
  end: number;
}

/** @param parts oldest first @throws PromqlError for too many */
export async function gathered(
  parts: readonly Part[],
  wanted: ReadonlySet<Series>,
  startMs: number,
  endMs: number,
  meter: Meter,
): Promise<Samples[]> {
  const found = new Map<Series, Gathered>();
  let lastMs = startMs;
  for (const part of parts) {
    const timesMs = part.kind === 'block' ? part.block.timesMs : part.timesMs;
    // What is being written is for a moment in a block as well.
    const from = timesMs.findIndex((timeMs) => timeMs > lastMs);
    const after = timesMs.findIndex((timeMs) => timeMs > endMs);
    const to = after < 0 ? timesMs.length : after;
    if (from < 0 || from >= to) continue;
    lastMs = timesMs[to - 1] ?? lastMs;
    const gaps = new Set(found.keys());
    for await (const [series, column] of columnsOf(part, wanted, meter)) {
      meter.make(to - from);
      gaps.delete(series);
      const known = found.get(series) ?? { timesMs: [], values: [], isThere: false };
      found.set(series, known);
      for (let index = from; index < to; index++) add(known, timesMs[index] ?? 0, column[index] ?? Number.NaN);
      if (meter.spend(to)) await meter.turn();
    }
    for (const series of gaps) {
      const known = found.get(series);
      if (known) add(known, timesMs[from] ?? 0, Number.NaN);
    }
  }
  return [...found].map(([{ labels }, { timesMs, values }]) => ({ labels, timesMs, values }));
}

function add(into: Gathered, timeMs: number, value: number): void {
  const isThere = !Number.isNaN(value);
  if (!isThere && !into.isThere) return;
  into.timesMs.push(timeMs);
  into.values.push(value);
  into.isThere = isThere;
}

async function* columnsOf(part: Part, wanted: ReadonlySet<Series>, meter: Meter): AsyncGenerator<[Series, Float64Array]> {
  if (part.kind === 'head') {
    for (const series of wanted) {
      const column = part.columns.get(series);
      if (column) yield [series, column];
    }
    return;
  }
  const { block, read } = part;
  const places = placesOf(block, wanted);
  if (meter.spend(block.series.length)) await meter.turn();
  const start = places[0]?.start ?? 0;
  const end = places.at(-1)?.end ?? 0;
  if (places.length === 0) return;
  const bytes = await read(start, end);
  if (!bytes) return;
  for (const place of places) {
    try {
      yield [place.series, decodeColumn(new ByteReader(bytes, place.start - start), block.timesMs.length)];
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const at = new Date(firstMs(block)).toISOString();
      throw new PromqlError(
        'execution',
        `the history of metrics is damaged on disk, in the half hour from ${at}: remove ${block.path} and restart`,
      );
    }
  }
}

function placesOf({ series, offsets }: Block, wanted: ReadonlySet<Series>): Place[] {
  const places: Place[] = [];
  for (const [index, one] of series.entries()) {
    if (wanted.has(one)) places.push({ series: one, start: offsets[index] ?? 0, end: offsets[index + 1] ?? 0 });
  }
  return places;
}
