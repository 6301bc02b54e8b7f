// The CronJob of `berth volume schedule`. Its pod gets a copy of the volume as an ephemeral claim, made when it starts and gone with it, and so needs
// no right in the API at all, no account and no token: it reads its copy and writes where backups are kept. Pure.
import type { CronJob, PersistentVolumeClaim, PodSpec, Volume } from '@berth/api';
import { UsageError } from '@berth/telemetry/command-line';

export interface BackupSchedule {
  claim: PersistentVolumeClaim;
  /** In the form of cron. */
  cron: string;
  timeZone?: string | undefined;
  keep: number | undefined;
  /** With `berth` and tar. */
  image: string;
  to: ScheduledPlace;
}

export type ScheduledPlace =
  | { type: 'claim'; name: string; folder: string }
  /** @property options of the command line */
  | { type: 'store'; address: string; options: string[]; secret: string | undefined };

const [dataFolder, backupsFolder] = ['/data', '/backups'];
/** Of a job that has ended, for its log. */
const keptSeconds = 600;
const hoursOfDay = [1, 2, 3, 4, 6, 8, 12];
const minutesOfHour = [5, 10, 15, 20, 30];
/** Of daily and weekly ones. */
const hourOfNight = 3;

export function scheduleName(claim: string): string {
  // Jobs add eleven characters to it.
  return `backup-${claim}`.slice(0, 52).replace(/[-.]+$/, '');
}

export function backupCronJob(schedule: BackupSchedule): CronJob {
  const { claim, cron, timeZone, to } = schedule;
  const { namespace = '', name } = claim.metadata;
  const labels = { 'app.kubernetes.io/managed-by': 'berth', 'berth.io/part': 'backup' };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: {
      namespace,
      name: scheduleName(name),
      labels,
      annotations: { 'berth.io/backup-of': name, 'berth.io/backup-to': placeText(to) },
    },
    spec: {
      schedule: cron,
      ...(timeZone !== undefined && { timeZone }),
      concurrencyPolicy: 'Forbid',
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      // The copy is there, and reserved, as long as its pod is.
      jobTemplate: {
        spec: { backoffLimit: 2, ttlSecondsAfterFinished: keptSeconds, template: { metadata: { labels }, spec: podSpec(schedule) } },
      },
    },
  } as CronJob;
}

function podSpec({ claim, keep, image, to }: BackupSchedule): PodSpec {
  const { namespace = '', name } = claim.metadata;
  const { accessModes = [], storageClassName, resources } = claim.spec;
  // As large as it is, also where it was asked to grow and has not yet.
  const storage = claim.status?.capacity?.storage ?? resources?.requests?.storage ?? '0';
  const args = [
    ...['volume', 'archive', dataFolder, '--of', `${namespace}/${name}`, '--node', '$(NODE_NAME)'],
    ...[
      '--storage',
      storage,
      '--access-modes',
      accessModes.join(','),
      '--to',
      to.type === 'store' ? to.address : `${backupsFolder}/${to.folder}`,
    ],
    ...(to.type === 'store' ? to.options : []),
    ...(keep === undefined ? [] : ['--keep', String(keep)]),
  ];
  const copy: Volume = {
    name: 'data',
    ephemeral: {
      volumeClaimTemplate: {
        spec: {
          accessModes: ['ReadWriteOnce'],
          ...(storageClassName && { storageClassName }),
          resources: { requests: { storage } },
          dataSource: { kind: 'PersistentVolumeClaim', name },
        },
      },
    },
  };
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'backup',
        image,
        args,
        env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
        ...(to.type === 'store' && to.secret !== undefined && { envFrom: [{ secretRef: { name: to.secret } }] }),
        terminationMessagePolicy: 'FallbackToLogsOnError',
        securityContext: {
          // It reads files of any owner, and changes none but its own.
          ...{ runAsUser: 0, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
          capabilities: { drop: ['ALL'], add: ['DAC_READ_SEARCH'] },
        },
        // A part of an upload is in memory, and grows with their number.
        resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { cpu: '2', memory: '1Gi' } },
        volumeMounts: [
          { name: 'data', mountPath: dataFolder, readOnly: true },
          ...(to.type === 'claim' ? [{ name: 'backups', mountPath: backupsFolder }] : []),
        ],
      },
    ],
    volumes: [copy, ...(to.type === 'claim' ? [{ name: 'backups', persistentVolumeClaim: { claimName: to.name } }] : [])],
  };
}

export function placeText(to: ScheduledPlace): string {
  return to.type === 'store' ? to.address : `claim:${to.name}${to.folder === '' ? '' : `/${to.folder}`}`;
}

/** `claim:NAME/FOLDER`. @throws UsageError */
export function claimPlace(text: string): ScheduledPlace {
  const [, name, folder = ''] = /^claim:([a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)(?:\/(.*))?$/.exec(text) ?? [];
  const parts = folder.split('/').filter((part) => part !== '');
  if (name === undefined || parts.includes('..'))
    throw new UsageError(`--to: ${JSON.stringify(text)} is neither s3://BUCKET/FOLDER nor claim:NAME/FOLDER, where a pod could write`);
  return { type: 'claim', name, folder: parts.join('/') };
}

/** Of `30m`, `6h`, `1d` or `1w`, at a minute that follows from the name, so that not all begin at once. @throws UsageError */
export function cronOf(every: string, name: string): string {
  const [, digits, unit = ''] = /^(\d{1,3})([mhdw])$/.exec(every) ?? [];
  const count = Number(digits);
  const minute = [...name].reduce((sum, character) => (sum * 31 + (character.codePointAt(0) ?? 0)) % 60, 0);
  if (unit === 'm' && minutesOfHour.includes(count)) return `*/${count} * * * *`;
  if (unit === 'h' && hoursOfDay.includes(count)) return `${minute} ${count === 1 ? '*' : `*/${count}`} * * *`;
  if (unit === 'd' && count === 1) return `${minute} ${hourOfNight} * * *`;
  if (unit === 'w' && count === 1) return `${minute} ${hourOfNight} * * 0`;
  const known = `${minutesOfHour.map((each) => `${each}m`).join(', ')}, ${hoursOfDay.map((each) => `${each}h`).join(', ')}, 1d or 1w`;
  throw new UsageError(`--every: ${JSON.stringify(every)} is none of ${known}; --cron says any other time`);
}
