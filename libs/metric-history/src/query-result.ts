// Results as Prometheus' HTTP API writes them, in pieces, as there may be millions of points.
import type { Grid, Labels, Row, Value } from '@berth/promql';

const pieceChars = 64 * 2 ** 10;
/** Nobody reads more in order, and it would take long. */
const sortedMax = 2000;

/** Text in pieces of some 64 KiB, each made when it is wanted. */
export function* inPieces(texts: Iterable<string>): Generator<string> {
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length < pieceChars) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

export function* success(data: Iterable<string>): Generator<string> {
  yield '{"status":"success","data":';
  yield* data;
  yield '}\n';
}

/** Of one time. */
export function* instantData(value: Value, { startMs }: Grid): Generator<string> {
  if (value.type === 'string') {
    yield `{"resultType":"string","result":[${startMs / 1000},${JSON.stringify(value.value)}]}`;
    return;
  }
  if (value.type === 'scalar') {
    yield `{"resultType":"scalar","result":${pointText(startMs, value.values[0])}}`;
    return;
  }
  yield '{"resultType":"vector","result":[';
  let comma = '';
  for (const { labels, values, present } of value.rows) {
    if (!present[0]) continue;
    yield `${comma}{"metric":${JSON.stringify(labels)},"value":${pointText(startMs, values[0])}}`;
    comma = ',';
  }
  yield ']}';
}

/** Of many times; of numbers too, as a series without labels. */
export function* rangeData(value: Value, grid: Grid): Generator<string> {
  const constant = value.type === 'scalar' ? [{ labels: {}, values: value.values, present: new Uint8Array(grid.steps).fill(1) }] : [];
  const rows: Row[] = value.type === 'vector' ? sorted(value.rows) : constant;
  yield '{"resultType":"matrix","result":[';
  let comma = '';
  for (const row of rows) {
    if (!row.present.includes(1)) continue;
    yield `${comma}{"metric":${JSON.stringify(row.labels)},"values":[`;
    yield* points(row, grid);
    yield ']}';
    comma = ',';
  }
  yield ']}';
}

function* points({ values, present }: Row, { startMs, stepMs, steps }: Grid): Generator<string> {
  let comma = '';
  for (let step = 0; step < steps; step++) {
    if (!present[step]) continue;
    yield `${comma}${pointText(startMs + step * stepMs, values[step])}`;
    comma = ',';
  }
}

function pointText(atMs: number, value = Number.NaN): string {
  return `[${atMs / 1000},"${numberText(value)}"]`;
}

function numberText(value: number): string {
  if (Math.abs(value) !== Number.POSITIVE_INFINITY) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}

function sorted(rows: Row[]): Row[] {
  if (rows.length > sortedMax) return rows;
  const keyed = rows.map((row): [string, Row] => [textOf(row.labels), row]);
  return keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, row]) => row);
}

function textOf(labels: Labels): string {
  return Object.keys(labels)
    .sort()
    .map((name) => `${name}\u0000${labels[name]}`)
    .join('\u0000');
}
