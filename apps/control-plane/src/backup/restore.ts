// Restores a backup into a data directory and a store that are empty: the file is read to its end and found whole before anything is made. The
// next start finds every object, under revisions beyond any that a client may have seen, and agents of the old server find the same authority.

import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writePrivateFile } from '@berth/pki';
import { baseOf, prefixEnd, type Store, type Transaction } from '@berth/store';
import type { Ports } from '@berth/telemetry';
import type { ControlPlaneConfig } from '../config.ts';
import { openDriver } from '../open-store.ts';
import { checkStateVersion, stateVersion } from '../state-version.ts';
import { encryptionConfigFile, encryptionConfigName, rangesOf } from './backup.ts';
import { BackupError, type BackupHeader, decodeBackup, verifyBackup } from './backup-format.ts';

/** In the data directory while a restore is under way: nobody may start with half a state. */
const underWayName = 'restore-under-way';
/** Far more than may have been written between the backup and the loss. */
const revisionsBeyond = 2 ** 32;
/** What was to end some time, such as events, gets so long from now. */
const leaseSeconds = 3600;
const writesAtATime = 200;

export interface RestoreResult {
  keys: number;
  files: number;
  createdAt: string;
}

/** @throws BackupError where a restore into this directory was not finished */
export function refuseHalfRestored(dataDirectory: string): void {
  if (!existsSync(join(dataDirectory, underWayName))) return;
  throw new BackupError(`a restore into ${dataDirectory} was not finished: remove that directory, and restore again`);
}

/** @throws BackupError before anything is changed where the file or the place for it is not what it has to be */
export async function restoreBackup(file: string, config: ControlPlaneConfig, ports: Ports): Promise<RestoreResult> {
  const { dataDirectory } = config;
  const { header, keys, files } = await verifyBackup(file, { stateVersion });
  refuseOtherRanges(file, header, config);
  if (config.store.driver === 'memory') throw new BackupError('--store memory keeps nothing: name sqlite or etcd');
  await refuseOccupied(config);
  const store = await openEmpty(config, ports);
  try {
    await writePrivateFile(join(dataDirectory, underWayName), `${resolve(file)}\n`);
    await commit(store, baseOf(header.revision + revisionsBeyond));
    await fill(file, config, store);
    await verifyFilled(store, keys);
  } finally {
    await store.close();
  }
  await checkStateVersion(dataDirectory);
  await rm(join(dataDirectory, underWayName));
  return { keys, files, createdAt: header.createdAt };
}

function refuseOtherRanges(file: string, { ranges }: BackupHeader, config: ControlPlaneConfig): void {
  const own = rangesOf(config);
  const other = Object.keys(own).find((name) => ranges[name] !== own[name]);
  if (other === undefined) return;
  throw new BackupError(`${file} is of a cluster with --${other} ${ranges[other]}, and this server has ${own[other]}: give it the same`);
}

async function refuseOccupied({ dataDirectory, encryptionConfig }: ControlPlaneConfig): Promise<void> {
  refuseHalfRestored(dataDirectory);
  if (encryptionConfig !== undefined && existsSync(encryptionConfig))
    throw new BackupError(`${encryptionConfig} (--encryption-config) is there already, and the backup has its own: move it away`);
  if (!existsSync(dataDirectory)) return;
  const [first] = (await readdir(dataDirectory)).sort();
  if (first === undefined) return;
  throw new BackupError(
    `${dataDirectory} is not empty (${first} is there): stop the server and move that directory away, or name another with --data-dir`,
  );
}

async function openEmpty(config: ControlPlaneConfig, ports: Ports): Promise<Store> {
  await mkdir(config.dataDirectory, { recursive: true, mode: 0o700 });
  const store = await openDriver(config.store, ports);
  const { count } = await store.range({ start: '/', end: prefixEnd('/'), countOnly: true });
  if (count === 0) return store;
  await store.close();
  throw new BackupError(`the store is not empty: it holds ${count} keys; restore into one that nobody uses`);
}

async function fill(file: string, config: ControlPlaneConfig, store: Store): Promise<void> {
  const leases = new Map<string, string>();
  let waiting: Transaction[] = [];
  const flush = async () => {
    const writes = waiting;
    waiting = [];
    await Promise.all(writes.map((transaction) => commit(store, transaction)));
  };
  for await (const part of decodeBackup(file, { stateVersion })) {
    if ('file' in part) await writePrivateFile(placeOf(file, part.file.path, config), part.file.content);
    if (!('key' in part)) continue;
    const { key, value, lease } = part.key;
    if (lease !== undefined && !leases.has(lease)) leases.set(lease, await store.grantLease(leaseSeconds));
    const write = { type: 'put' as const, key, value, ...(lease !== undefined && { lease: leases.get(lease) }) };
    waiting.push({ compare: [{ key, target: 'version', version: 0 }], writes: [write] });
    if (waiting.length === writesAtATime) await flush();
  }
  await flush();
}

/** A backup's word is not taken for where it writes. */
function placeOf(backup: string, path: string, config: ControlPlaneConfig): string {
  if (path === encryptionConfigName) return encryptionConfigFile(config);
  if (path === 'admin.kubeconfig' || /^pki\/[a-z0-9][a-z0-9._-]*$/i.test(path)) return join(config.dataDirectory, path);
  throw new BackupError(`${backup} holds a file ${JSON.stringify(path)}, which is none of a server's; use another copy`);
}

async function commit(store: Store, transaction: Transaction): Promise<void> {
  const { succeeded } = await store.transact(transaction);
  if (!succeeded) throw new BackupError(`somebody else writes into the store: ${transaction.compare[0]?.key} is there already`);
}

async function verifyFilled(store: Store, keys: number): Promise<void> {
  const { count } = await store.range({ start: '/', end: prefixEnd('/'), countOnly: true });
  // One more is the store's own.
  if (count !== keys + 1) throw new BackupError(`${count - 1} of ${keys} keys are in the store: remove what was made, and restore again`);
}
