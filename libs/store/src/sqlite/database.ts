// The SQLite file: opened for one process alone and brought to the current schema. A commit is durable once its log is synced.
// A row of `log` is one write; its id is the revision and the write's place in it, so that appending keeps the table in order.
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const schemaVersion = 2;

const schema = `
  create table meta (name text primary key, value integer not null) without rowid;
  create table log (
    id integer primary key,
    key text not null,
    create_revision integer not null,
    version integer not null,
    lease integer,
    deleted integer not null,
    value blob not null,
    at_ms integer,
    author text
  );
  create index log_by_key on log (key);
  create table lease (id integer primary key autoincrement, ttl_seconds real not null, expires_at_ms real not null);
  insert into meta values ('schema', ${schemaVersion}), ('compacted', 0), ('purged', 0);
`;

/** What makes of each version the next one; none touches a row, so that a file of any size opens at once. */
const migrations: Record<number, string> = {
  1: 'alter table log add column at_ms integer; alter table log add column author text;',
};

/** The file cannot be used; the message names it and says what to do. */
export class StoreFileError extends Error {
  constructor(file: string, problem: string, options?: ErrorOptions) {
    super(`the store file ${file} ${problem}`, options);
    this.name = 'StoreFileError';
  }
}

export interface DatabaseOptions {
  file: string;
  /** The file does not grow beyond this; writes that need more fail. */
  bytesMax: number;
}

/** @throws StoreFileError */
export function openDatabase({ file, bytesMax }: DatabaseOptions): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    createPrivately(file);
    database = new DatabaseSync(file);
    lock(database, file);
    // NORMAL keeps the file whole through a loss of power, and leaves the sync of each commit to WalSync (sqlite.org/pragma.html).
    database.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -65536; pragma foreign_keys = on');
    const { page_size: pageSize } = database.prepare('pragma page_size').get() ?? {};
    database.exec(`pragma max_page_count = ${Math.max(1, Math.floor(bytesMax / Number(pageSize)))}`);
    prepareSchema(database, file);
    return database;
  } catch (error) {
    if (database?.isOpen) database.close();
    throw asStoreFileError(file, error);
  }
}

/** Reads the database's size in bytes, with what is in the log and not yet in the file. */
export function sizeReader(database: DatabaseSync): () => number {
  const statement = database.prepare('select page_count * page_size as bytes from pragma_page_count, pragma_page_size');
  return () => Number(statement.get()?.bytes);
}

/** Secrets are in it: nobody else may read it. */
function createPrivately(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
}

function lock(database: DatabaseSync, file: string): void {
  try {
    // Held until the process ends, however it ends.
    database.exec('pragma locking_mode = exclusive; begin exclusive; commit');
  } catch (error) {
    if (!(error instanceof Error) || !/locked|busy/.test(error.message)) throw error;
    throw new StoreFileError(
      file,
      'is in use by another process; stop the other control plane, give this one its own --data-dir, or share an etcd with --store etcd',
      { cause: error },
    );
  }
}

function prepareSchema(database: DatabaseSync, file: string): void {
  const { count } = database.prepare("select count(*) as count from sqlite_schema where type = 'table' and name = 'meta'").get() ?? {};
  if (count === 0) {
    database.exec(`begin immediate; ${schema} commit`);
    return;
  }
  const found = Number(database.prepare("select value from meta where name = 'schema'").get()?.value);
  if (found === schemaVersion) return;
  const steps = Array.from({ length: Math.max(0, schemaVersion - found) }, (_, index) => migrations[found + index]);
  if (steps.length > 0 && steps.every((step) => step !== undefined)) {
    database.exec(`begin immediate; ${steps.join(' ')} update meta set value = ${schemaVersion} where name = 'schema'; commit`);
    return;
  }
  throw new StoreFileError(file, `has schema ${found}, and this build knows ${schemaVersion}; run the build that wrote it`);
}

function asStoreFileError(file: string, error: unknown): StoreFileError {
  if (error instanceof StoreFileError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StoreFileError(file, `cannot be opened (${message}); check the path, its permissions and the disk, or restore a copy`, {
    cause: error,
  });
}
