// What a backup is, wherever it is kept: an archive, and beside it what it is of and its checksum. It is there as a whole or not at all.
import { isRecord } from '@berth/machinery';

export const [archiveName, manifestName] = ['data.tar', 'backup.json'];
export const manifestBytesMax = 64 * 1024;
const formatVersion = 1;

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

/** Where one backup is, or is to be. */
export interface BackupPlace {
  /** For people. */
  readonly name: string;
  /** @throws Error; nothing is left then */
  write(facts: BackupFacts, archive: AsyncIterable<Uint8Array>): Promise<Backup>;
  /** @throws Error where there is none, or none that this can read */
  facts(): Promise<Backup>;
  /** As `facts`, and looks at the archive as far as that costs less than reading it in vain. @throws Error that says what is amiss with it */
  check(): Promise<Backup>;
  archive(): AsyncIterable<Buffer>;
  /** No backup from its first step on. */
  remove(): Promise<void>;
}

/** Where backups are, one beside another. */
export interface BackupDestination {
  place(name: string): BackupPlace;
  /** Names of backups that begin so. */
  list(prefix: string): Promise<string[]>;
}

export function backupName({ namespace, claim, takenAt }: Pick<BackupFacts, 'namespace' | 'claim' | 'takenAt'>): string {
  return `${backupPrefix({ namespace, claim })}${takenAt.replaceAll(/[-:]/g, '').replace(/\.\d+/, '')}`;
}

export function backupPrefix({ namespace, claim }: Pick<BackupFacts, 'namespace' | 'claim'>): string {
  return `${namespace}-${claim}-`;
}

export function manifestText(backup: Backup): string {
  return `${JSON.stringify({ version: formatVersion, ...backup }, undefined, 2)}\n`;
}

/** @param path for people @throws Error that says what is amiss with it */
export function parsedManifest(path: string, text: string): Backup {
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

/** Removes backups of the same claim but the newest. @returns names of those removed */
export async function prune(destination: BackupDestination, of: Pick<BackupFacts, 'namespace' | 'claim'>, keep: number): Promise<string[]> {
  const own: string[] = [];
  for (const name of await destination.list(backupPrefix(of))) {
    // Names of other claims may begin so too.
    const { namespace, claim } = await destination.place(name).facts();
    if (namespace === of.namespace && claim === of.claim) own.push(name);
  }
  // They end with their times.
  const removed = own.sort().slice(0, -keep);
  for (const name of removed) await destination.place(name).remove();
  return removed;
}
