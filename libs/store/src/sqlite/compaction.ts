// Forgetting the past: the boundary is durable first, then superseded rows are deleted in small steps, between which writes go
// on. A step that a crash prevented is made up for by the next compaction.
import type { DatabaseSync } from 'node:sqlite';
import type { KeyIndex } from './key-index.ts';
import { idOf, type LogTable } from './log-table.ts';

/** Revisions whose predecessors one step deletes. */
const revisionsPerStep = 500;

export class Compaction {
  readonly #database: DatabaseSync;
  readonly #log: LogTable;
  readonly #index: KeyIndex;
  #compacted: number;
  #purged: number;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(database: DatabaseSync, log: LogTable, index: KeyIndex) {
    this.#database = database;
    this.#log = log;
    this.#index = index;
    this.#compacted = this.#load('compacted');
    this.#purged = this.#load('purged');
  }

  /** This revision and those before it cannot be read. */
  get revision(): number {
    return this.#compacted;
  }

  /** Resolves when the rows are gone, too. */
  async run(revision: number): Promise<void> {
    if (revision > this.#compacted) {
      this.#save('compacted', revision);
      this.#compacted = revision;
    }
    this.#running ??= this.#purge().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #purge(): Promise<void> {
    while (this.#purged < this.#compacted && !this.#stopped) {
      this.#step(Math.min(this.#compacted, this.#purged + revisionsPerStep));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  #step(until: number): void {
    const touched = this.#log.touched(idOf(this.#purged + 1, 0), idOf(until + 1, 0));
    this.#database.exec('begin immediate');
    try {
      // A deletion goes with what it deleted.
      for (const { key, id, deleted } of touched) this.#log.deleteBefore(key, deleted ? id + 1 : id);
      this.#save('purged', until);
      this.#database.exec('commit');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('rollback');
      throw error;
    }
    this.#purged = until;
    for (const { key, id, deleted } of touched) if (deleted) this.#index.forget(key, id);
  }

  #load(name: string): number {
    return Number(this.#database.prepare('select value from meta where name = ?').get(name)?.value ?? 0);
  }

  #save(name: string, value: number): void {
    this.#database.prepare('update meta set value = ? where name = ?').run(value, name);
  }
}
