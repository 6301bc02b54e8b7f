// Every statement over the log of writes, prepared once.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { KeyValue, Origin } from '../store.ts';

/** Writes one revision may hold: the low digits of a row's id. */
export const writesMax = 65_536;

export const idOf = (revision: number, place: number) => revision * writesMax + place;
export const revisionOf = (id: number) => Math.floor(id / writesMax);

/** One write without its value. */
export interface Row {
  id: number;
  createRevision: number;
  version: number;
  lease: number | undefined;
  deleted: boolean;
}

export interface ValueRow extends Row {
  key: string;
  value: Uint8Array;
  /** Unknown of what a build before wrote. */
  origin?: Origin;
}

type Columns = Record<string, unknown>;

export class LogTable {
  readonly #insert: StatementSync;
  readonly #value: StatementSync;
  readonly #before: StatementSync;
  readonly #from: StatementSync;
  readonly #ofKey: StatementSync;
  readonly #newest: StatementSync;
  readonly #touched: StatementSync;
  readonly #deleteBefore: StatementSync;
  readonly #all: StatementSync;

  constructor(database: DatabaseSync) {
    const columns = 'id, key, create_revision, version, lease, deleted';
    this.#insert = database.prepare('insert into log values (?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#value = database.prepare('select value from log where id = ?');
    this.#before = database.prepare(`select ${columns}, value from log where key = ? and id < ? order by id desc limit 1`);
    this.#from = database.prepare(`select ${columns}, value, at_ms, author from log where id >= ? and id < ? order by id limit ?`);
    this.#ofKey = database.prepare(
      `select ${columns}, value, at_ms, author from log where key = ? and id >= ? and id < ? order by id limit ?`,
    );
    this.#newest = database.prepare('select max(id) as id from log');
    this.#touched = database.prepare('select key, max(id) as id, deleted from log where id >= ? and id < ? group by key');
    this.#deleteBefore = database.prepare('delete from log where key = ? and id < ?');
    this.#all = database.prepare(`select ${columns} from log order by id`);
  }

  insert(key: string, row: Row, value: Uint8Array, { atMs, author }: Origin): void {
    const { id, createRevision, version, lease = null } = row;
    this.#insert.run(id, key, createRevision, version, lease, row.deleted ? 1 : 0, value, atMs, author ?? null);
  }

  value(id: number): Uint8Array {
    return asBytes(this.#value.get(id)?.value);
  }

  /** The key's last write before this id. */
  before(key: string, id: number): ValueRow | undefined {
    const columns = this.#before.get(key, id);
    return columns && valueRow(columns);
  }

  /** Writes from one id to before another, in order. */
  between(fromId: number, endId: number, limit: number): ValueRow[] {
    return this.#from.all(fromId, endId, limit).map(valueRow);
  }

  /** Those of one key, found by the index: however much else was written meanwhile is not read. */
  ofKey(key: string, fromId: number, endId: number, limit: number): ValueRow[] {
    return this.#ofKey.all(key, fromId, endId, limit).map(valueRow);
  }

  newestId(): number {
    return Number(this.#newest.get()?.id ?? 0);
  }

  /** Every write, oldest first, without values. */
  *rows(): Generator<Row & { key: string }> {
    for (const columns of this.#all.iterate()) yield { ...row(columns), key: String(columns.key) };
  }

  /** Each key written between two ids, with its last write there. */
  touched(fromId: number, endId: number): { key: string; id: number; deleted: boolean }[] {
    return this.#touched.all(fromId, endId).map(({ key, id, deleted }) => ({ key: String(key), id: Number(id), deleted: deleted === 1 }));
  }

  deleteBefore(key: string, id: number): void {
    this.#deleteBefore.run(key, id);
  }
}

export function keyValue(key: string, { id, createRevision, version, lease }: Row, value: Uint8Array): KeyValue {
  return { key, value, createRevision, modRevision: revisionOf(id), version, ...(lease !== undefined && { lease: String(lease) }) };
}

/** What a deletion's event carries. */
export function tombstone(key: string, id: number): KeyValue {
  return { key, value: new Uint8Array(), createRevision: 0, modRevision: revisionOf(id), version: 0 };
}

function row(columns: Columns): Row {
  return {
    id: Number(columns.id),
    createRevision: Number(columns.create_revision),
    version: Number(columns.version),
    lease: columns.lease === null ? undefined : Number(columns.lease),
    deleted: columns.deleted === 1,
  };
}

function valueRow(columns: Columns): ValueRow {
  const { at_ms: atMs, author } = columns;
  const found: ValueRow = { ...row(columns), key: String(columns.key), value: asBytes(columns.value) };
  if (typeof atMs === 'number') found.origin = typeof author === 'string' ? { atMs, author } : { atMs };
  return found;
}

function asBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError('the log holds a row without a value; the file was changed by something else: restore a copy');
}
