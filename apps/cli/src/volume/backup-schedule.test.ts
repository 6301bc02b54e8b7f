// What a schedule's pod may do and is told, and when it runs.
import { CronJob, type PersistentVolumeClaim } from '@berth/api';
import { expect, test } from 'vitest';
import { type BackupSchedule, backupCronJob, claimPlace, cronOf, scheduleName } from './backup-schedule.ts';

const claim: PersistentVolumeClaim = {
  ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: 'shop', name: 'data' } },
  spec: { accessModes: ['ReadWriteOnce', 'ReadOnlyMany'], storageClassName: 'fast', resources: { requests: { storage: '1Gi' } } },
  status: { capacity: { storage: '2Gi' } },
};
const schedule: BackupSchedule = { claim, cron: '0 3 * * *', keep: 7, image: 'r/berth/backup:1', to: claimPlace('claim:store/a//b') };

function podOf(given: BackupSchedule) {
  const job = backupCronJob(given);
  const stored = structuredClone(job);
  CronJob.defaults(stored);
  expect(CronJob.validate(stored)).toEqual([]);
  const { spec } = job.spec.jobTemplate.spec?.template ?? {};
  if (!spec) throw new Error('there is no pod');
  return spec;
}

test('its pod has a copy of the volume, read-only, no account and no right but to read files of any owner', () => {
  const { containers, volumes, ...spec } = podOf(schedule);
  expect(spec).toMatchObject({ automountServiceAccountToken: false, restartPolicy: 'Never' });
  expect(spec.serviceAccountName).toBeUndefined();
  expect(containers[0]).toMatchObject({
    securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'], add: ['DAC_READ_SEARCH'] } },
    volumeMounts: [
      { name: 'data', mountPath: '/data', readOnly: true },
      { name: 'backups', mountPath: '/backups' },
    ],
  });
  expect(volumes?.[0]?.ephemeral?.volumeClaimTemplate?.spec).toEqual({
    ...{ accessModes: ['ReadWriteOnce'], storageClassName: 'fast', resources: { requests: { storage: '2Gi' } } },
    dataSource: { kind: 'PersistentVolumeClaim', name: 'data' },
  });
  expect(volumes?.[1]).toEqual({ name: 'backups', persistentVolumeClaim: { claimName: 'store' } });
});

test('it is told what it backs up, where to, and how many stay; who asks comes from a Secret', () => {
  const told = ['volume', 'archive', '/data', '--of', 'shop/data', '--node', '$(NODE_NAME)', '--storage', '2Gi'];
  const modes = ['--access-modes', 'ReadWriteOnce,ReadOnlyMany'];
  expect(podOf(schedule).containers[0]?.args).toEqual([...told, ...modes, '--to', '/backups/a/b', '--keep', '7']);
  const to = { type: 'store' as const, address: 's3://b/f', options: ['--s3-region', 'x'], secret: 'keys' };
  const [container] = podOf({ ...schedule, keep: undefined, to }).containers;
  expect(container?.args).toEqual([...told, ...modes, '--to', 's3://b/f', '--s3-region', 'x']);
  expect(container?.envFrom).toEqual([{ secretRef: { name: 'keys' } }]);
});

test.each([
  ['30m', '*/30 * * * *'],
  ['1h', '41 * * * *'],
  ['6h', '41 */6 * * *'],
  ['1d', '41 3 * * *'],
  ['1w', '41 3 * * 0'],
])('every %s is %s', (every, cron) => expect(cronOf(every, 'data').replace(/^\d+/, '41')).toBe(cron));

test.each(['', '0h', '5h', '7m', '2d', '6', 'h', '6 h'])('every %j is refused', (every) => {
  expect(() => cronOf(every, 'data')).toThrow('--cron says any other time');
});

test.each(['store', 'claim:', 'claim:A', 'claim:a/../b', '/folder'])('to %j is refused', (to) => {
  expect(() => claimPlace(to)).toThrow('neither s3://BUCKET/FOLDER nor claim:NAME/FOLDER');
});

test('a name leaves room for those of jobs', () => {
  expect(scheduleName('data')).toBe('backup-data');
  expect(scheduleName(`${'a'.repeat(44)}-${'b'.repeat(50)}`)).toBe(`backup-${'a'.repeat(44)}`);
});
