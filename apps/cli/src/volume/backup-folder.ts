// A backup of a volume's data as a folder: an archive, and beside it what it is of and its checksum. The folder has its name only once both
// are whole and on the disk; who reads one checks the archive before anything is made of it.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isRecord } from '@berth/machinery';

const [archiveName, manifestName] = ['data.tar', 'backup.json'];
const formatVersion = 1;
const manifestBytesMax = 64 * 1024;

export interface BackupFacts {
  namespace: string;
  claim: string;
  /** What the claim asked for, as a quantity. */
  storage: string;
  accessModes: string[];
  /** Of the volume. */
  bytes: number;
  fileSystem: string;
  node: string;
  /** RFC 3339: the moment that it shows. */
  takenAt: string;
}

export interface Backup extends BackupFacts {
  archive: { file: string; bytes: number; sha256: string };
}

/** @throws Error; nothing is left then */
export async function writeBackup(folder: string, facts: BackupFacts, archive: AsyncIterable<Uint8Array>): Promise<Backup> {
  if (await isThere(folder)) throw new Error(`${folder} is there already: name another folder`);
  const unfinished = `${folder}.unfinished`;
  await mkdir(dirname(folder), { recursive: true });
  await rm(unfinished, { recursive: true, force: true });
  try {
    await mkdir(unfinished, { mode: 0o700 });
    const { bytes, sha256 } = await write(join(unfinished, archiveName), archive);
    const backup: Backup = { ...facts, archive: { file: archiveName, bytes, sha256 } };
    await write(join(unfinished, manifestName), [Buffer.from(`${JSON.stringify({ version: formatVersion, ...backup }, undefined, 2)}\n`)]);
    await sync(unfinished);
    await rename(unfinished, folder);
    await sync(dirname(folder));
    return backup;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** With its archive's checksum checked. @throws Error that says what is amiss with it */
export async function readBackup(folder: string): Promise<Backup> {
  const path = join(folder, manifestName);
  const info = await stat(path).catch(() => undefined);
  if (!info) throw new Error(`${folder} is no backup of a volume: there is no ${manifestName} in it`);
  if (info.size > manifestBytesMax) throw new Error(`${path} is larger than a backup's facts are`);
  const backup = parsed(path, await readFile(path, 'utf8'));
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of archiveOf(folder)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  const sha256 = hash.digest('hex');
  if (bytes !== backup.archive.bytes)
    throw new Error(`${join(folder, archiveName)} has ${bytes} bytes, not ${backup.archive.bytes}: it is damaged`);
  if (sha256 !== backup.archive.sha256)
    throw new Error(`${join(folder, archiveName)} is damaged: its SHA-256 is ${sha256}, not ${backup.archive.sha256}`);
  return backup;
}

export function archiveOf(folder: string): AsyncIterable<Buffer> {
  return createReadStream(join(folder, archiveName), { highWaterMark: 2 ** 20 });
}

function parsed(path: string, text: string): Backup {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${path} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!isRecord(value) || value.version !== formatVersion || !isRecord(value.archive))
    throw new Error(`${path} is of another version than ${formatVersion}: restore it with the berth that wrote it`);
  const { archive, claim, storage, bytes, fileSystem, node, accessModes } = value;
  const texts = [claim, storage, fileSystem, node, archive.sha256].every((each) => typeof each === 'string');
  const numbers = [bytes, archive.bytes].every((each) => Number.isSafeInteger(each));
  if (!texts || !numbers || !Array.isArray(accessModes)) throw new Error(`${path} lacks facts of a backup: it is damaged`);
  return value as unknown as Backup;
}

async function write(path: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  await using handle = await open(path, 'wx', 0o600);
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
    await handle.appendFile(chunk);
  }
  await handle.sync();
  return { bytes, sha256: hash.digest('hex') };
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

async function sync(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}
