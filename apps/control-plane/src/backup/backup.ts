// Makes a backup of what a control plane keeps: every key of the store at one revision, then certificates, keys and the encryption's
// configuration. The file appears under its name once it is complete, was read again and found whole.
import { createWriteStream } from 'node:fs';
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { readIfPresent } from '@berth/pki';
import { baseKey, prefixEnd, type Store } from '@berth/store';
import { type Clock, timestamp } from '@berth/telemetry';
import type { ControlPlaneConfig } from '../config.ts';
import { stateVersion } from '../state-version.ts';
import {
  type BackedUpFile,
  BackupError,
  type BackupHeader,
  type BackupPart,
  encodeBackup,
  formatVersion,
  verifyBackup,
} from './backup-format.ts';

const pageSize = 500;
/** The driver's own notes of its revisions, which mean nothing elsewhere. */
const driverKeys = ['/compaction/', baseKey];
/** In a backup, the name of the encryption's configuration, wherever the server has it. */
export const encryptionConfigName = 'encryption-config';

export type BackupSource = Pick<ControlPlaneConfig, 'dataDirectory' | 'encryptionConfig' | 'podCidr' | 'serviceCidr' | 'clusterDomain'>;

export interface BackupResult {
  file: string;
  revision: number;
  keys: number;
  files: number;
  bytes: number;
}

export function encryptionConfigFile({
  dataDirectory,
  encryptionConfig,
}: Pick<BackupSource, 'dataDirectory' | 'encryptionConfig'>): string {
  return encryptionConfig ?? join(dataDirectory, 'encryption.yaml');
}

export function rangesOf({
  podCidr,
  serviceCidr,
  clusterDomain,
}: Pick<BackupSource, 'podCidr' | 'serviceCidr' | 'clusterDomain'>): Record<string, string> {
  return { 'cluster-cidr': podCidr, 'service-cidr': serviceCidr, 'cluster-domain': clusterDomain };
}

/** @param file absolute; replaced if it is there @throws BackupError; then nothing is left of it */
export async function makeBackup(file: string, source: BackupSource, store: Store, clock: Clock): Promise<BackupResult> {
  const unfinished = `${file}.${process.pid}.partial`;
  try {
    await rm(unfinished, { force: true });
    const output = createWriteStream(unfinished, { mode: 0o600, flags: 'wx' });
    await pipeline(Readable.from(encodeBackup(partsOf(source, store, clock))), createGzip({ level: 6 }), output);
    await syncFile(unfinished);
    const { header, keys, files } = await verifyBackup(unfinished, { stateVersion });
    await rename(unfinished, file);
    return { file, revision: header.revision, keys, files, bytes: (await stat(file)).size };
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error instanceof BackupError
      ? error
      : new BackupError(`the backup could not be made: ${(error as Error).message}`, { cause: error });
  }
}

async function* partsOf(source: BackupSource, store: Store, clock: Clock): AsyncGenerator<BackupPart> {
  const revision = await store.revision();
  const header: BackupHeader = {
    ...{ format: 'berth-backup', formatVersion, stateVersion, createdAt: timestamp(clock), revision },
    ranges: rangesOf(source),
  };
  yield { header };
  yield* keysAt(store, revision);
  // After the keys: what they are encrypted with is in the file by now, also where a new key has just been added to it.
  for (const file of await filesOf(source)) yield { file };
}

async function* keysAt(store: Store, revision: number): AsyncGenerator<BackupPart> {
  const end = prefixEnd('/');
  for (let start = '/'; ; ) {
    const { kvs, more } = await store.range({ start, end, limit: pageSize, revision });
    for (const { key, value, lease } of kvs) {
      if (!driverKeys.some((prefix) => key.startsWith(prefix))) yield { key: { key, value, ...(lease !== undefined && { lease }) } };
    }
    const last = kvs.at(-1);
    if (!more || !last) return;
    start = `${last.key}\0`;
  }
}

async function filesOf(source: BackupSource): Promise<BackedUpFile[]> {
  const pki = await readdir(join(source.dataDirectory, 'pki'), { withFileTypes: true });
  const paths = pki.filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp')).map(({ name }) => `pki/${name}`);
  const files = await Promise.all(paths.sort().map(async (path) => ({ path, content: await readFile(join(source.dataDirectory, path)) })));
  const kubeconfig = await readIfPresent(join(source.dataDirectory, 'admin.kubeconfig'));
  if (kubeconfig !== undefined) files.push({ path: 'admin.kubeconfig', content: Buffer.from(kubeconfig) });
  files.push({ path: encryptionConfigName, content: await readFile(encryptionConfigFile(source)) });
  return files;
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
