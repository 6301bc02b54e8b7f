// Rotates a container's log as the kubelet does: the file is renamed, the runtime opens a new one, and of the old ones the
// newest stays plain (its writer may not be done) while the others are compressed, up to a number of files.
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Clock, systemClock } from '@berth/telemetry';

export interface LogRotation {
  maxBytes: number;
  /** Together with the file that is being written. */
  maxFiles: number;
  /** Tells the runtime to write to a new file at the path, as Runtime.reopenLog does. */
  reopen: () => Promise<void>;
  clock?: Clock;
}

/** What the kubelet does unless told otherwise. */
export const defaultLogRotation = { maxBytes: 10 * 2 ** 20, maxFiles: 5 } as const;

const compressedSuffix = '.gz';
const unfinishedSuffix = '.tmp';

/** @returns whether the log was due; repeating it after a crash is safe. @throws what `reopen` throws, with the log put back */
export async function rotateLog(path: string, { maxBytes, maxFiles, reopen, clock = systemClock }: LogRotation): Promise<boolean> {
  if (maxFiles < 2) throw new RangeError(`maxFiles is ${maxFiles}; a rotated log needs at least 2`);
  if (!((await sizeOf(path)) > maxBytes)) return false;
  const old = await rotatedFiles(path);
  for (const name of old.filter((file) => file.endsWith(unfinishedSuffix))) await rm(name, { force: true });
  const whole = old.filter((file) => !file.endsWith(unfinishedSuffix));
  // The file that is about to be rotated and the one that takes its place are among maxFiles.
  const kept = whole.slice(Math.max(0, whole.length - (maxFiles - 2)));
  for (const name of whole) if (!kept.includes(name)) await rm(name, { force: true });
  for (const name of kept) if (!name.endsWith(compressedSuffix)) await compress(name);
  const target = `${path}.${timeSuffix(clock.now())}`;
  await rename(path, target);
  try {
    await reopen();
  } catch (error) {
    // The runtime still writes to this file; under its own name it is found again.
    await rename(target, path);
    throw error;
  }
  return true;
}

/** The rotated files of a log, oldest first; their names sort by time. */
export async function rotatedFiles(path: string): Promise<string[]> {
  const names = await readdir(dirname(path));
  const prefix = `${basename(path)}.`;
  return names
    .filter((name) => name.startsWith(prefix))
    .sort()
    .map((name) => join(dirname(path), name));
}

/** -1 when there is no such file. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return -1;
    throw error;
  }
}

async function compress(path: string): Promise<void> {
  const unfinished = `${path}${unfinishedSuffix}`;
  await pipeline(createReadStream(path), createGzip(), createWriteStream(unfinished));
  await rename(unfinished, `${path}${compressedSuffix}`);
  await rm(path);
}

/** 20261123-200000.123: the kubelet's form, with milliseconds so that two rotations in a second do not meet. */
function timeSuffix(nowMs: number): string {
  const text = new Date(nowMs).toISOString();
  return `${text.slice(0, 10).replaceAll('-', '')}-${text.slice(11, 19).replaceAll(':', '')}.${text.slice(20, 23)}`;
}
