// `berth volume`: what is in a claim's volume, into a folder or an S3-like store and out of it, now or by a schedule. Exit codes: 0 done, 1 failed,
// 2 wrong usage.
import { resolve } from 'node:path';
import { CronJob, PersistentVolumeClaim, Secret } from '@berth/api';
import { UsageError } from '@berth/telemetry/command-line';
import { type Asked, type Cluster, type OwnOptions, readAsked } from '../ask/cluster-options.ts';
import { provideProgramImage } from '../build/program-image.ts';
import { ClusterRegistry } from '../build/registry.ts';
import { type BackupDestination, type BackupPlace, backupName, prune } from './backup.ts';
import { backupFolder, backupsIn } from './backup-folder.ts';
import { backupCronJob, claimPlace, cronOf, placeText, type ScheduledPlace } from './backup-schedule.ts';
import { archiveOf, mountedDisk } from './mounted-volume.ts';
import { backupInStore, backupsInStore } from './s3/s3-backups.ts';
import { isS3Address, type S3Location, s3Location } from './s3/s3-location.ts';
import { backedUpClaim, backupVolume } from './volume-backup.ts';
import { restoreVolume } from './volume-restore.ts';

export const volumeOptions: OwnOptions = {
  to: { type: 'string' },
  from: { type: 'string' },
  node: { type: 'string' },
  class: { type: 'string' },
  keep: { type: 'string' },
  every: { type: 'string' },
  cron: { type: 'string' },
  'time-zone': { type: 'string' },
  of: { type: 'string' },
  storage: { type: 'string' },
  'access-modes': { type: 'string' },
  's3-endpoint': { type: 'string' },
  's3-region': { type: 'string' },
  's3-addressing': { type: 'string' },
  's3-credentials': { type: 'string' },
  's3-secret': { type: 'string' },
};

export const volumeUsage = `usage: berth volume backup CLAIM --to PLACE [--keep N] [-n NAMESPACE] [-o json] [--kubeconfig FILE]
       berth volume schedule CLAIM --every 6h|--cron CRON --to PLACE [--time-zone ZONE] [--keep N] [-n NAMESPACE] [-o json]
       berth volume restore CLAIM --from PLACE [--node NODE] [--class STORAGECLASS] [-n NAMESPACE] [-o json] [--kubeconfig FILE]
  backup   takes a snapshot of the claim's volume, and writes what it holds into a new folder at PLACE: an archive with its
           checksum; pods go on meanwhile. Owners, modes, links and extended attributes are kept. With --keep, older backups of the
           same claim there are removed then, but N.
  schedule writes a CronJob that does so: its pod reads a copy of the volume, made when it starts and gone with it, and needs no
           account. PLACE is s3://BUCKET/FOLDER (with --s3-secret) or claim:NAME/FOLDER, another claim. kubectl create job
           --from=cronjob/backup-CLAIM NAME makes one now; kubectl delete cronjob backup-CLAIM ends it. Say it again once the claim has grown.
  restore  makes a new claim of such a folder. The archive is checked first, and again on the node; the claim is bound only
           once all of it is there.
  PLACE is a folder, or s3://BUCKET/FOLDER in an S3-like store:
  --s3-endpoint URL     of a store elsewhere than at Amazon (AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL)
  --s3-region REGION    (AWS_REGION; default us-east-1)
  --s3-addressing path|virtual   where the bucket is named: path with an endpoint, else virtual (in the host's name)
  --s3-credentials FILE in the form of ~/.aws/credentials; else AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN
  --s3-secret NAME      a Secret of the namespace with any of these variables; AWS_CA_BUNDLE names the store's authorities`;

export async function runVolume(argv: string[], print: (text: string) => void): Promise<number> {
  const asked = readAsked(argv, volumeOptions);
  if (asked.isHelp) {
    print(volumeUsage);
    return 0;
  }
  const [word, claim, ...more] = asked.positionals;
  if (claim === undefined || more.length > 0) throw new UsageError(volumeUsage);
  if (word === 'backup') return backup(asked, claim, print);
  if (word === 'restore') return restore(asked, claim, print);
  if (word === 'schedule') return schedule(asked, claim, print);
  // In the pod that a schedule makes.
  if (word === 'archive') return archive(asked, claim, print);
  throw new UsageError(`it is: berth volume backup, schedule or restore, not ${JSON.stringify(word)}`);
}

async function backup(asked: Asked, claim: string, print: (text: string) => void): Promise<number> {
  const to = asked.text('to');
  if (to === undefined) throw new UsageError('--to: name the folder for the backup, or s3://BUCKET/FOLDER');
  const keep = keptCount(asked.text('keep'));
  const done = await asked.ask(async (cluster) => {
    const destination = await destinationOf(asked, cluster, to);
    const made = await backupVolume(cluster, claim, destination);
    return { ...made, removed: keep === undefined ? [] : await prune(destination, made, keep) };
  });
  const text = `${done.at}: ${done.archive.bytes} bytes of claim ${claim} as of ${done.takenAt}, SHA-256 ${done.archive.sha256}`;
  print(asked.isJson ? JSON.stringify(done, undefined, 2) : [text, ...done.removed.map((name) => `removed: ${name}`)].join('\n'));
  return 0;
}

async function restore(asked: Asked, claim: string, print: (text: string) => void): Promise<number> {
  const from = asked.text('from');
  if (from === undefined) throw new UsageError('--from: name the folder of the backup, or s3://BUCKET/FOLDER');
  const options = { node: asked.text('node'), storageClass: asked.text('class') };
  const done = await asked.ask(async (cluster) => restoreVolume(cluster, claim, await placeOf(asked, cluster, from), options));
  print(asked.isJson ? JSON.stringify(done, undefined, 2) : `claim ${claim} holds what claim ${done.claim} held at ${done.takenAt}`);
  return 0;
}

async function schedule(asked: Asked, name: string, print: (text: string) => void): Promise<number> {
  const [to, every, cron] = [asked.text('to'), asked.text('every'), asked.text('cron')];
  if (to === undefined) throw new UsageError('--to: name the place for backups: s3://BUCKET/FOLDER or claim:NAME/FOLDER');
  if ((every === undefined) === (cron === undefined)) throw new UsageError('say how often: --every 6h, or --cron "17 3 * * *"');
  const keep = keptCount(asked.text('keep'));
  const secret = asked.text('s3-secret');
  const place: ScheduledPlace = isS3Address(to) ? { type: 'store', address: to, options: placeOptions(asked), secret } : claimPlace(to);
  const when = cron ?? cronOf(every ?? '', name);
  const made = await asked.ask(async (cluster) => {
    const { client, namespace } = cluster;
    const { claim } = await backedUpClaim(cluster, name);
    // What the pod will not find is better said now.
    if (place.type === 'claim') await client.get(PersistentVolumeClaim, { namespace, name: place.name });
    else await locationOf(asked, cluster, place.address);
    const image = await provideProgramImage({
      registry: await ClusterRegistry.of(client),
      progress: (text) => process.stderr.write(`${text}\n`),
    });
    const job = backupCronJob({ claim, cron: when, timeZone: asked.text('time-zone'), keep, image, to: place });
    return client.patch(CronJob, job.metadata, 'apply', job, { fieldManager: 'berth-volume', force: true });
  });
  const kept = keep === undefined ? 'all backups' : `the newest ${keep}`;
  const text = `cronjob/${made.metadata.name}: claim ${name} at "${when}" to ${placeText(place)}, ${kept} kept`;
  print(asked.isJson ? JSON.stringify(made, undefined, 2) : text);
  return 0;
}

/** Those that the pod is to have too; who asks comes from the Secret. */
function placeOptions(asked: Asked): string[] {
  if (asked.text('s3-credentials') !== undefined)
    throw new UsageError('--s3-credentials: a pod has no file of this machine; put the keys into a Secret, and name it with --s3-secret');
  if (asked.text('s3-secret') === undefined)
    throw new UsageError('--s3-secret: name the Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY that the pod is to have');
  return ['s3-endpoint', 's3-region', 's3-addressing'].flatMap((name) => {
    const value = asked.text(name);
    return value === undefined ? [] : [`--${name}`, value];
  });
}

async function archive(asked: Asked, folder: string, print: (text: string) => void): Promise<number> {
  const [to = '', of = '', storage = '', modes = '', node = ''] = ['to', 'of', 'storage', 'access-modes', 'node'].map((name) =>
    asked.text(name),
  );
  const [namespace = '', claim = ''] = of.split('/');
  const facts = { namespace, claim, storage, accessModes: modes.split(','), node, takenAt: new Date().toISOString() };
  const keep = keptCount(asked.text('keep'));
  const destination = isS3Address(to) ? backupsInStore(await s3Location(to, s3Options(asked), process.env)) : backupsIn(to);
  const place = destination.place(backupName(facts));
  const { archive: made } = await place.write({ ...facts, ...(await mountedDisk(folder)) }, archiveOf(folder));
  print(`${place.name}: ${made.bytes} bytes of claim ${claim} as of ${facts.takenAt}, SHA-256 ${made.sha256}`);
  for (const name of keep === undefined ? [] : await prune(destination, facts, keep)) print(`removed: ${name}`);
  return 0;
}

async function destinationOf(asked: Asked, cluster: Cluster, to: string): Promise<BackupDestination> {
  return isS3Address(to) ? backupsInStore(await locationOf(asked, cluster, to)) : backupsIn(resolve(to));
}

async function placeOf(asked: Asked, cluster: Cluster, from: string): Promise<BackupPlace> {
  return isS3Address(from) ? backupInStore(await locationOf(asked, cluster, from)) : backupFolder(from);
}

async function locationOf(asked: Asked, { client, namespace }: Cluster, address: string): Promise<S3Location> {
  const secret = asked.text('s3-secret');
  const { data = {} } = secret === undefined ? {} : await client.get(Secret, { namespace, name: secret });
  const named = Object.entries(data).map(([name, value]) => [name, Buffer.from(value, 'base64').toString('utf8')]);
  return s3Location(address, s3Options(asked), { ...process.env, ...Object.fromEntries(named) });
}

function s3Options(asked: Asked) {
  return {
    ...{ endpoint: asked.text('s3-endpoint'), region: asked.text('s3-region'), addressing: asked.text('s3-addressing') },
    credentialsFile: asked.text('s3-credentials'),
  };
}

function keptCount(text: string | undefined): number | undefined {
  if (text !== undefined && !/^[1-9]\d{0,5}$/.test(text))
    throw new UsageError(`--keep: ${JSON.stringify(text)} is no number of backups such as 7`);
  return text === undefined ? undefined : Number(text);
}
