// `berth volume backup|restore`: what is in a claim's volume, into a folder and out of it. Exit codes: 0 done, 1 failed, 2 wrong usage.
import { UsageError } from '@berth/telemetry/command-line';
import { type OwnOptions, readAsked } from '../ask/cluster-options.ts';
import { backupVolume } from './volume-backup.ts';
import { restoreVolume } from './volume-restore.ts';

export const volumeOptions: OwnOptions = {
  to: { type: 'string' },
  from: { type: 'string' },
  node: { type: 'string' },
  class: { type: 'string' },
};

export const volumeUsage = `usage: berth volume backup CLAIM --to FOLDER [-n NAMESPACE] [-o json] [--kubeconfig FILE]
       berth volume restore CLAIM --from FOLDER [--node NODE] [--class STORAGECLASS] [-n NAMESPACE] [-o json] [--kubeconfig FILE]
  backup   takes a snapshot of the claim's volume, and writes what it holds into a new folder in FOLDER: an archive with its
           checksum; pods go on meanwhile. Owners, modes, links and extended attributes are kept.
  restore  makes a new claim of such a folder. The archive is checked first, and again on the node; the claim is bound only
           once all of it is there.`;

export async function runVolume(argv: string[], print: (text: string) => void): Promise<number> {
  const asked = readAsked(argv, volumeOptions);
  if (asked.isHelp) {
    print(volumeUsage);
    return 0;
  }
  const [word, claim, ...more] = asked.positionals;
  const [to, from] = [asked.text('to'), asked.text('from')];
  if (claim === undefined || more.length > 0) throw new UsageError(volumeUsage);
  if (word === 'backup') {
    if (to === undefined) throw new UsageError('--to: name the folder for the backup');
    const done = await asked.ask((cluster) => backupVolume(cluster, claim, to));
    const text = `${done.folder}: ${done.archive.bytes} bytes of claim ${claim} as of ${done.takenAt}, SHA-256 ${done.archive.sha256}`;
    print(asked.isJson ? JSON.stringify(done, undefined, 2) : text);
    return 0;
  }
  if (word !== 'restore') throw new UsageError(`it is: berth volume backup or restore, not ${JSON.stringify(word)}`);
  if (from === undefined) throw new UsageError('--from: name the folder of the backup');
  const options = { node: asked.text('node'), storageClass: asked.text('class') };
  const done = await asked.ask((cluster) => restoreVolume(cluster, claim, from, options));
  print(asked.isJson ? JSON.stringify(done, undefined, 2) : `claim ${claim} holds what claim ${done.claim} held at ${done.takenAt}`);
  return 0;
}
