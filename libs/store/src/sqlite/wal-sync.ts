// Brings SQLite's write-ahead log to the disk on a thread of its own. SQLite itself would sync it within COMMIT, while no
// request could be read; with `synchronous = normal` it syncs the log only around checkpoints, and this does the rest.
import { closeSync, fdatasync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const synced = promisify(fdatasync);

export class WalSync {
  readonly #handle: number;

  /** The database is open, and therefore its log exists. The directory is synced, so that both files survive. */
  constructor(databaseFile: string) {
    const directory = openSync(dirname(databaseFile), 'r');
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
    this.#handle = openSync(`${databaseFile}-wal`, 'r');
  }

  /** What was committed before the call is on the disk when it is done. */
  sync(): Promise<void> {
    return synced(this.#handle);
  }

  close(): void {
    closeSync(this.#handle);
  }
}
