// A backup of a volume's data as a folder. The folder has its name only once its archive and its facts are whole and on the disk; who reads one
// checks the archive before anything is made of it.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  archiveName,
  type Backup,
  type BackupDestination,
  type BackupFacts,
  type BackupPlace,
  manifestBytesMax,
  manifestName,
  manifestText,
  parsedManifest,
} from './backup.ts';

/** No backup: one that is being written or removed. */
const unfinishedSuffix = '.unfinished';

/** Backups as folders in a folder. */
export function backupsIn(parent: string): BackupDestination {
  return {
    place: (name) => backupFolder(join(parent, name)),
    async list(prefix) {
      const entries = await readdir(parent, { withFileTypes: true });
      const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
      return names.filter((name) => name.startsWith(prefix) && !name.endsWith(unfinishedSuffix));
    },
  };
}

export function backupFolder(folder: string): BackupPlace {
  return {
    name: folder,
    write: (facts, archive) => writeBackup(folder, facts, archive),
    facts: () => readFacts(folder),
    check: () => readBackup(folder),
    archive: () => archiveOf(folder),
    async remove() {
      const removed = `${folder}${unfinishedSuffix}`;
      await rename(folder, removed);
      await rm(removed, { recursive: true });
    },
  };
}

/** @throws Error; nothing is left then */
export async function writeBackup(folder: string, facts: BackupFacts, archive: AsyncIterable<Uint8Array>): Promise<Backup> {
  if (await isThere(folder)) throw new Error(`${folder} is there already: name another folder`);
  const unfinished = `${folder}${unfinishedSuffix}`;
  await mkdir(dirname(folder), { recursive: true });
  await rm(unfinished, { recursive: true, force: true });
  try {
    await mkdir(unfinished, { mode: 0o700 });
    const { bytes, sha256 } = await write(join(unfinished, archiveName), archive);
    const backup: Backup = { ...facts, archive: { file: archiveName, bytes, sha256 } };
    await write(join(unfinished, manifestName), [Buffer.from(manifestText(backup))]);
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
  const backup = await readFacts(folder);
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

async function readFacts(folder: string): Promise<Backup> {
  const path = join(folder, manifestName);
  const info = await stat(path).catch(() => undefined);
  if (!info) throw new Error(`${folder} is no backup of a volume: there is no ${manifestName} in it`);
  if (info.size > manifestBytesMax) throw new Error(`${path} is larger than a backup's facts are`);
  return parsedManifest(path, await readFile(path, 'utf8'));
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
