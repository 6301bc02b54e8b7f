// Leases as the file holds them, and the statements over them. Expiry is a wall-clock time, so that it survives a restart.
import type { DatabaseSync, StatementSync } from 'node:sqlite';

export interface Lease {
  id: number;
  ttlSeconds: number;
  expiresAtMs: number;
}

export class LeaseTable {
  readonly #insert: StatementSync;
  readonly #extend: StatementSync;
  readonly #delete: StatementSync;
  readonly #all: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare('insert into lease (ttl_seconds, expires_at_ms) values (?, ?)');
    this.#extend = database.prepare('update lease set expires_at_ms = ? where id = ?');
    this.#delete = database.prepare('delete from lease where id = ?');
    this.#all = database.prepare('select id, ttl_seconds, expires_at_ms from lease');
  }

  add(ttlSeconds: number, expiresAtMs: number): Lease {
    return { id: Number(this.#insert.run(ttlSeconds, expiresAtMs).lastInsertRowid), ttlSeconds, expiresAtMs };
  }

  extend(id: number, expiresAtMs: number): void {
    this.#extend.run(expiresAtMs, id);
  }

  delete(id: number): void {
    this.#delete.run(id);
  }

  all(): Lease[] {
    return this.#all.all().map(({ id, ttl_seconds: ttlSeconds, expires_at_ms: expiresAtMs }) => ({
      id: Number(id),
      ttlSeconds: Number(ttlSeconds),
      expiresAtMs: Number(expiresAtMs),
    }));
  }
}
