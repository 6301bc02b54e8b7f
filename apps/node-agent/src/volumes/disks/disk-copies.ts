// Copies of volumes of one moment: snapshots, which are files of their own beside the volumes, and what a new volume begins with. A volume
// that is mounted is frozen for the copy, for a bounded time; where the disk can share blocks that takes no time, elsewhere most is
// copied before and only what changed meanwhile while it is frozen. Files have their names only once they are whole.
import { mkdir, open, readFile, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type DiskSource, isSnapshotFile } from '@berth/api';
import { unmountBelow } from '@berth/runtime';
import type { TakenSnapshot } from '../volume-manager.ts';
import { type DiskFiles, exists, sync, unfinished } from './disk-files.ts';
import type { DiskMounts } from './disk-mounts.ts';
import { thaw, whileFrozen } from './frozen.ts';
import type { RunCommand } from './run-command.ts';
import { copyExtents, extentBytes, writtenExtents } from './written-extents.ts';

/** In a folder of something unfinished: the volume that is, or was, frozen for it. */
const frozenMark = 'frozen';

export interface DiskCopiesOptions {
  directory: string;
  files: DiskFiles;
  mounts: DiskMounts;
  run: RunCommand;
  randomName(): string;
  /** For how long writes to a volume may be paused. */
  pauseSecondsMax: number;
}

export class DiskCopies {
  readonly #options: DiskCopiesOptions;

  constructor(options: DiskCopiesOptions) {
    this.#options = options;
  }

  /** Thaws and unmounts what an agent that was killed, and its keeper with it, left. @param folder of something unfinished */
  async putRight(folder: string): Promise<void> {
    // What an archive was read from, or written to.
    await unmountBelow(folder);
    const volume = await readFile(join(folder, frozenMark), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    const [point] = volume ? await this.#options.mounts.points(volume) : [];
    if (point !== undefined) await thaw(this.#options.run, point);
  }

  /**
   * Safe to repeat. @param volume absent: the snapshot has to be there already
   * @throws Error that says why there is none; nothing of it is left then
   */
  async snapshot(name: string, volume: string | undefined, isBlock: boolean): Promise<TakenSnapshot> {
    const path = this.#pathOf(name);
    if (await exists(path)) return factsOf(path);
    if (volume === undefined) throw new Error(`there is no snapshot ${name} on this node`);
    if (!(await exists(volume))) throw new Error(`the file that holds the volume is not there: ${volume}`);
    const folder = join(this.#options.directory, `${unfinished}${this.#options.randomName()}`);
    const file = join(folder, 'snapshot');
    try {
      await mkdir(folder, { mode: 0o700 });
      await (await open(file, 'wx', 0o600)).close();
      await this.#checkRoom(volume);
      const { takenAtMs, pauseMs } = await this.#capture(volume, file, folder, isBlock);
      await utimes(file, takenAtMs / 1000, takenAtMs / 1000);
      await sync(file);
      await rename(file, path);
      await sync(this.#options.directory);
      return { ...(await factsOf(path)), pauseMs };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async removeSnapshot(name: string): Promise<void> {
    await rm(this.#pathOf(name), { force: true });
  }

  /** Writes what a new volume begins with into its file, which is reserved in full and stays so. */
  async fill(source: DiskSource, file: string, isBlock: boolean): Promise<void> {
    const from = 'snapshot' in source ? this.#pathOf(source.snapshot) : source.volume;
    if (!(await exists(from))) throw new Error(`what the volume begins with is not on this node: ${basename(from)}`);
    const [{ size }, { size: room }] = [await stat(from), await stat(file)];
    if (size > room) throw new Error(`the volume has ${room} bytes, and what it begins with ${size}`);
    if ('snapshot' in source) return this.#copy(from, file);
    await this.#capture(from, file, dirname(file), isBlock, true);
  }

  /** @param isReserved the target shares no blocks, so that its space stays its own */
  async #capture(
    source: string,
    target: string,
    folder: string,
    isBlock: boolean,
    isReserved = false,
  ): Promise<{ takenAtMs: number; pauseMs: number }> {
    const { files, mounts, run, pauseSecondsMax } = this.#options;
    const [point] = await mounts.points(source);
    const shares = !isReserved && (await files.sharesBlocks());
    const isHeld = isBlock && (await mounts.devices(source)).length > 0;
    if (isHeld && !shares) throw new Error('the block volume is in use, and its disk cannot share blocks: end the pods that use it first');
    if (!shares && !isReserved) await truncate(target, (await stat(source)).size);
    if (point === undefined) {
      const takenAtMs = Date.now();
      await (shares ? this.#share(source, target) : this.#copy(source, target));
      return { takenAtMs, pauseMs: 0 };
    }
    if (!shares) await this.#copy(source, target);
    await writeFile(join(folder, frozenMark), source);
    let takenAtMs = 0;
    const pauseMs = await whileFrozen({ point, limitSeconds: pauseSecondsMax, run }, async (signal) => {
      takenAtMs = Date.now();
      await (shares ? this.#share(source, target) : this.#copy(source, target, { signal, onlyDifferences: true }));
    });
    return { takenAtMs, pauseMs };
  }

  async #share(source: string, target: string): Promise<void> {
    await this.#options.run('cp', ['--reflink=always', '--sparse=auto', source, target]);
  }

  async #copy(source: string, target: string, options: { signal?: AbortSignal; onlyDifferences?: boolean } = {}): Promise<void> {
    await copyExtents(source, target, await writtenExtents(this.#options.run, source), options);
  }

  async #checkRoom(source: string): Promise<void> {
    const { files, run } = this.#options;
    const [needed, left] = [extentBytes(await writtenExtents(run, source)), await files.available()];
    if (needed <= left) return;
    const [neededText, leftText] = [needed, left].map((bytes) => `${Math.ceil(bytes / 2 ** 20)} MiB`);
    throw new Error(
      `not enough free storage for a snapshot: ${neededText} are needed, and volumes may take ${leftText} of the node's disk`,
    );
  }

  #pathOf(name: string): string {
    if (!isSnapshotFile(name)) throw new Error(`${JSON.stringify(name)} is no name of a snapshot`);
    return join(this.#options.directory, name);
  }
}

async function factsOf(path: string): Promise<TakenSnapshot> {
  const { size, mtimeMs } = await stat(path);
  return { bytes: size, takenAtMs: Math.round(mtimeMs) };
}
