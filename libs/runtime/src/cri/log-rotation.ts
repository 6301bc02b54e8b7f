// Rotates a container's log as the kubelet does: the file is renamed, the runtime opens a new one, and of the old ones the
// newest stays plain (its writer may not be done) while the others are compressed, up to a number of files. Compressing takes
// its time and is a step of its own, so that a log which grows quickly is rotated as soon as it is due.
import { constants } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Clock, systemClock } from '@berth/telemetry';
import type { DirectoryHandle } from '../files/directory-handle.ts';
import { logFolder } from './log-folder.ts';

export interface LogRotation {
  maxBytes: number;
  /** Together with the file that is being written. */
  maxFiles: number;
  /** Tells the runtime to write to a new file at the path, as Runtime.reopenLog does. */
  reopen: () => Promise<void>;
  /** Below it, nothing of the path may be a link; the log's own folder when absent. */
  root?: string;
  clock?: Clock;
}

/** What the kubelet does unless told otherwise. */
export const defaultLogRotation = { maxBytes: 10 * 2 ** 20, maxFiles: 5 } as const;

const compressedSuffix = '.gz';
const unfinishedSuffix = '.tmp';

/** @returns whether the log was due; repeating it after a crash is safe. @throws what `reopen` throws, with the log put back */
export async function rotateLog(path: string, { maxBytes, maxFiles, reopen, root, clock = systemClock }: LogRotation): Promise<boolean> {
  if (maxFiles < 2) throw new RangeError(`maxFiles is ${maxFiles}; a rotated log needs at least 2`);
  const name = basename(path);
  await using folder = await logFolder(path, root);
  if (!(((await folder.lstat(name))?.size ?? 0) > maxBytes)) return false;
  const old = await rotatedFiles(folder, name);
  // The file that is about to be rotated and the one that takes its place are among maxFiles.
  for (const file of old.slice(0, Math.max(0, old.length - (maxFiles - 2)))) await folder.remove(file);
  const target = `${name}.${timeSuffix(clock.now())}`;
  await folder.rename(name, folder, target);
  try {
    await reopen();
  } catch (error) {
    // The runtime still writes to this file; under its own name it is found again.
    await folder.rename(target, folder, name);
    throw error;
  }
  return true;
}

/** Compresses what was rotated, but the newest. What is rotated away meanwhile is left. */
export async function compressRotated(path: string, root?: string): Promise<void> {
  const name = basename(path);
  await using folder = await logFolder(path, root);
  for (const file of (await rotatedFiles(folder, name)).slice(0, -1)) {
    if (file.endsWith(compressedSuffix)) continue;
    try {
      await compress(folder, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/** The file that a log was rotated to last, which is not compressed yet. */
export async function newestRotated(folder: DirectoryHandle, name: string): Promise<string | undefined> {
  const newest = (await rotatedFiles(folder, name)).at(-1);
  return newest?.endsWith(compressedSuffix) ? undefined : newest;
}

/** The rotated files of a log, oldest first; their names sort by time. */
async function rotatedFiles(folder: DirectoryHandle, name: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of folder.entries()) {
    if (entry.name.startsWith(`${name}.`) && !entry.name.endsWith(unfinishedSuffix)) found.push(entry.name);
  }
  return found.sort();
}

async function compress(folder: DirectoryHandle, name: string): Promise<void> {
  const unfinished = `${name}${unfinishedSuffix}`;
  // Of an agent that was killed.
  await folder.remove(unfinished);
  await folder.createFile(unfinished, new Uint8Array(), { mode: 0o640 });
  const target = await folder.openFile(unfinished, constants.O_WRONLY);
  const source = await folder.openFile(name).catch(async (error: unknown) => {
    await target.close();
    throw error;
  });
  // The streams close what they read and write.
  await pipeline(source.createReadStream(), createGzip(), target.createWriteStream());
  await folder.rename(unfinished, folder, `${name}${compressedSuffix}`);
  await folder.unlink(name);
}

/** 20261123-200000.123: the kubelet's form, with milliseconds so that two rotations in a second do not meet. */
function timeSuffix(nowMs: number): string {
  const text = new Date(nowMs).toISOString();
  return `${text.slice(0, 10).replaceAll('-', '')}-${text.slice(11, 19).replaceAll(':', '')}.${text.slice(20, 23)}`;
}
