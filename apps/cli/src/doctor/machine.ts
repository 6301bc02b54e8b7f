// What checks see of the machine: files, links, file systems and programs. A port, so that tests can be any machine.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, statfsSync, statSync } from 'node:fs';

const commandTimeoutMs = 5_000;
const outputBytesMax = 4 * 2 ** 20;

export interface Space {
  totalBytes: number;
  freeBytes: number;
  inodes: number;
  inodesFree: number;
}

export interface Machine {
  isRoot: boolean;
  /** Undefined where there is no such file. @throws Error when it may not be read */
  text(path: string): string | undefined;
  /** Of a folder; none where it is not there. @throws Error when it may not be read */
  names(path: string): string[];
  /** Undefined where it is gone, or may not be read. */
  linkTarget(path: string): string | undefined;
  exists(path: string): boolean;
  /** Undefined where there is no such file. */
  sizeBytes(path: string): number | undefined;
  space(path: string): Space;
  /** What it wrote; undefined where it is not installed. @throws Error when it fails */
  run(command: string, args: readonly string[]): Promise<string | undefined>;
}

const gone = new Set(['ENOENT', 'ENOTDIR', 'ESRCH']);

function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (gone.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

export const thisMachine: Machine = {
  isRoot: process.getuid?.() === 0,
  text: (path) => unlessGone(() => readFileSync(path, 'utf8')),
  names: (path) => unlessGone(() => readdirSync(path)) ?? [],
  linkTarget: (path) => {
    try {
      return readlinkSync(path);
    } catch {
      // A process that has ended meanwhile, or somebody else's: whoever asks says so.
      return undefined;
    }
  },
  exists: existsSync,
  sizeBytes: (path) => unlessGone(() => statSync(path).size),
  space: (path) => {
    const { bsize, blocks, bavail, files, ffree } = statfsSync(path);
    return { totalBytes: blocks * bsize, freeBytes: bavail * bsize, inodes: files, inodesFree: ffree };
  },
  run: (command, args) =>
    new Promise((resolve, reject) => {
      const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
      const options = { timeout: commandTimeoutMs, maxBuffer: outputBytesMax, env: { ...process.env, PATH: path } };
      execFile(command, args, options, (failure, stdout, stderr) => {
        if (!failure) return resolve(stdout);
        if (failure.code === 'ENOENT') return resolve(undefined);
        reject(new Error(`${command}: ${stderr.trim() || failure.message}`, { cause: failure }));
      });
    }),
};
