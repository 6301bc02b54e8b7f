// The past of a watch, read from the log page by page at its reader's pace.
import type { StoreEvent, WatchBatch, WatchOptions } from '../store.ts';
import { idOf, keyValue, type LogTable, revisionOf, tombstone, type ValueRow } from './log-table.ts';

const pageRows = 1_000;

/**
 * Events of whole revisions from `fromRevision` on; `revision` is the last one read, `newest` when nothing is left. Of a range of one key no others are
 * among them; of any other range there are.
 */
export function replayPage(log: LogTable, range: Pick<WatchOptions, 'start' | 'end'>, fromRevision: number, newest: number): WatchBatch {
  const rowsBetween = readerOf(log, range);
  const rows = rowsBetween(idOf(fromRevision, 0), idOf(newest + 1, 0), pageRows);
  const last = rows.at(-1);
  if (!last || rows.length < pageRows) return { revision: newest, events: rows.map((row) => eventOf(log, row)) };
  const cut = revisionOf(last.id);
  const whole = rows.filter((row) => revisionOf(row.id) < cut);
  if (whole.length > 0) return { revision: cut - 1, events: whole.map((row) => eventOf(log, row)) };
  const single = rowsBetween(idOf(cut, 0), idOf(cut + 1, 0), -1);
  return { revision: cut, events: single.map((row) => eventOf(log, row)) };
}

type ReadRows = (fromId: number, endId: number, limit: number) => ValueRow[];

function readerOf(log: LogTable, { start, end }: Pick<WatchOptions, 'start' | 'end'>): ReadRows {
  if (end !== `${start}\0`) return (...between) => log.between(...between);
  return (...between) => log.ofKey(start, ...between);
}

function eventOf(log: LogTable, row: ValueRow): StoreEvent {
  const before = log.before(row.key, row.id);
  const previous = before && !before.deleted ? keyValue(before.key, before, before.value) : undefined;
  const kv = row.deleted ? tombstone(row.key, row.id) : keyValue(row.key, row, row.value);
  const { origin } = row;
  return { type: row.deleted ? 'delete' : 'put', kv, ...(previous && { previous }), ...(origin && { origin }) };
}
