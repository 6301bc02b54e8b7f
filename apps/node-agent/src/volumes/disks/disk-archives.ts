// What a snapshot holds as an archive (tar, with numeric owners, modes, links, sparse files and extended attributes), and a snapshot out of such
// an archive. The file system is mounted in a folder of something unfinished, which whatever dies leaves to the next start. An archive
// that was not read to its end, or is not the one that was meant, leaves no snapshot.
import { spawn } from 'node:child_process';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isSnapshotFile } from '@berth/api';
import { unmountBelow } from '@berth/runtime';
import { volumeTarOptions } from '@berth/runtime/tar';
import { type DiskFiles, exists, sync, unfinished } from './disk-files.ts';
import { awaited, type RunCommand } from './run-command.ts';
import { endOf, unpackArchive } from './unpacked-archive.ts';

export interface DiskArchivesOptions {
  directory: string;
  files: DiskFiles;
  run: RunCommand;
  randomName(): string;
}

/** What is to be unpacked. */
export interface IncomingArchive {
  /** Of the file system. */
  bytes: number;
  /** Of the archive, in hexadecimal digits. */
  sha256: string;
}

export class DiskArchives {
  readonly #options: DiskArchivesOptions;

  constructor(options: DiskArchivesOptions) {
    this.#options = options;
  }

  /**
   * @param write is given the archive, and reads it to its end
   * @throws Error that says why it is not whole; whoever has read it then throws it away
   */
  async read(name: string, write: (archive: Readable) => Promise<void>): Promise<void> {
    const path = this.#pathOf(name);
    if (!(await exists(path))) throw new Error(`there is no snapshot ${name} on this node`);
    await this.#inFolder(async (folder) => {
      const point = await this.#mount(path, folder, fileSystemOf(name) === 'xfs' ? 'ro,norecovery,nouuid' : 'ro,noload');
      const tar = spawn(...this.#tar(['--create', ...volumeTarOptions, '--one-file-system', '-C', point, '.']), {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const ended = endOf(tar);
      try {
        await Promise.all([write(tar.stdout), ended]);
      } finally {
        tar.kill('SIGKILL');
        await ended.catch(() => undefined);
      }
    });
  }

  /** @throws Error that says why there is no such snapshot; nothing of it is left */
  async write(name: string, archive: AsyncIterable<Uint8Array>, { bytes, sha256 }: IncomingArchive): Promise<void> {
    const path = this.#pathOf(name);
    const fileSystem = fileSystemOf(name);
    if (fileSystem !== 'ext4' && fileSystem !== 'xfs') throw new Error('an archive is of files, and a block volume has none');
    if (await exists(path)) throw new Error(`there is a snapshot ${name} already`);
    const { files } = this.#options;
    await this.#inFolder(async (folder) => {
      const file = join(folder, 'disk');
      await (await open(file, 'wx', 0o600)).close();
      await files.reserve(file, bytes);
      await files.format(file, fileSystem);
      const point = await this.#mount(file, folder, 'rw,nodev,nosuid');
      await unpackArchive(archive, { point, sha256, tar: (args) => this.#tar(args) });
      await this.#options.run('sync', ['--file-system', point]);
      await unmountBelow(folder);
      await sync(file);
      await rename(file, path);
      await sync(this.#options.directory);
    });
  }

  #tar(args: string[]): [string, string[]] {
    return awaited(this.#options.directory, 'tar', args);
  }

  async #mount(file: string, folder: string, options: string): Promise<string> {
    const point = join(folder, 'point');
    await mkdir(point);
    await this.#options.run('mount', ['--no-canonicalize', '--internal-only', '-o', `loop,${options}`, file, point]);
    return point;
  }

  async #inFolder(task: (folder: string) => Promise<void>): Promise<void> {
    const folder = join(this.#options.directory, `${unfinished}${this.#options.randomName()}`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      await task(folder);
    } finally {
      await unmountBelow(folder);
      await rm(folder, { recursive: true, force: true });
    }
  }

  #pathOf(name: string): string {
    if (!isSnapshotFile(name)) throw new Error(`${JSON.stringify(name)} is no name of a snapshot`);
    return join(this.#options.directory, name);
  }
}

function fileSystemOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
