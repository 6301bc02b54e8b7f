import { fieldMessage } from '@berth/machinery';
import { expect, test } from 'vitest';
import { DaemonSet, Job, LimitRange, Pod, StatefulSet } from '../index.ts';
import { workloadSamples } from '../samples/workloads.ts';
import { samplePod } from '../samples.ts';

test('what a rolling update of a daemon set that is updated by deletion says is kept, as zeros where it says nothing', () => {
  const daemonSet = workloadSamples.DaemonSet();
  daemonSet.spec.updateStrategy = { type: 'OnDelete', rollingUpdate: {} };
  DaemonSet.defaults(daemonSet);
  expect(daemonSet.spec.updateStrategy).toEqual({ type: 'OnDelete', rollingUpdate: { maxUnavailable: 0, maxSurge: 0 } });
  expect(DaemonSet.validate(daemonSet)).toEqual([]);
});

test('how pods of a stateful set are managed is one of two ways', () => {
  const statefulSet = workloadSamples.StatefulSet();
  StatefulSet.defaults(statefulSet);
  statefulSet.spec.podManagementPolicy = 'Always';
  expect(StatefulSet.validate(statefulSet).map((error) => `${error.field}: ${fieldMessage(error)}`)).toEqual([
    `spec.podManagementPolicy: Invalid value: "Always": must be 'OrderedReady' or 'Parallel'`,
  ]);
});

test('a stateful set restarts its pods whatever its selector is, and keeps what was wrong before', () => {
  const statefulSet = workloadSamples.StatefulSet();
  StatefulSet.defaults(statefulSet);
  const { template } = statefulSet.spec;
  const once = { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } as typeof template;
  const unreadable = { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] };
  const fields = (spec: object, old?: StatefulSet) =>
    StatefulSet.validate({ ...statefulSet, spec: { ...statefulSet.spec, ...spec } }, old).map(({ field }) => field);
  expect(fields({ selector: unreadable, template: once })).toContain('spec.template.spec.restartPolicy');
  const nameless = { ...template, spec: { ...template.spec, containers: [{ name: '', image: 'x' }] } } as unknown as typeof template;
  const old: StatefulSet = { ...statefulSet, spec: { ...statefulSet.spec, template: nameless } };
  expect(fields({ template: nameless }, statefulSet)).toContain('spec.template.spec.containers[0].name');
  expect(fields({ template: nameless }, old)).toEqual([]);
  expect(fields({ revisionHistoryLimit: -1 })).toEqual([]);
  const claims = { volumeClaimTemplates: [{ metadata: { name: 'A' } }] };
  expect(fields(claims)).toEqual([
    'spec.template.spec.volumes[0].name',
    'spec.volumeClaimTemplates[0].spec.accessModes',
    'spec.volumeClaimTemplates[0].spec.resources[storage]',
  ]);
  expect(
    fields({ volumeClaimTemplates: [{ spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1' } } } }] }),
  ).toEqual(['spec.template.spec.volumes[0].name', 'spec.template.spec.volumes[0].persistentVolumeClaim.claimName']);
  expect(fields(claims, { ...statefulSet, spec: { ...statefulSet.spec, ...claims } } as StatefulSet)).toEqual([]);
});

test('an indexed job may be changed to as many completions as run at once, whatever they were', () => {
  const old = workloadSamples.Job();
  Object.assign(old.spec, { completionMode: 'Indexed', completions: 3, parallelism: 1 });
  Job.defaults(old);
  const changed = (completions: number) =>
    Job.validateUpdate({ ...old, spec: { ...old.spec, completions, parallelism: 2 } }, old).map(({ detail }) => detail);
  expect(changed(2)).toEqual([]);
  expect(changed(4)).toEqual(['can only be modified in tandem with spec.parallelism']);
});

test('of a choice that Kubernetes has a pointer for, an empty text is none', () => {
  const pod = samplePod({
    securityContext: { fsGroupChangePolicy: '', supplementalGroupsPolicy: '', seLinuxChangePolicy: '' },
    preemptionPolicy: '',
    volumes: [{ name: 'v', emptyDir: {} }],
    containers: [
      { name: 'a', image: 'b', securityContext: { procMount: '' }, volumeMounts: [{ name: 'v', mountPath: '/v', mountPropagation: '' }] },
    ],
  });
  Pod.defaults(pod);
  expect(Pod.validate(pod).map(({ field, type }) => `${field} ${type}`)).toEqual([
    'spec.containers[0].volumeMounts.mountPropagation NotSupported',
    'spec.containers[0].securityContext.procMount NotSupported',
    'spec.securityContext.fsGroupChangePolicy NotSupported',
    'spec.securityContext.supplementalGroupsPolicy NotSupported',
    'spec.securityContext.seLinuxChangePolicy NotSupported',
    'spec.preemptionPolicy Required',
  ]);
});

test('a limit range without amounts has no defaults', () => {
  const range: LimitRange = {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'a' },
    spec: { limits: [{ type: 'Container', max: {}, default: {} }] },
  };
  LimitRange.defaults(range);
  expect(range.spec?.limits).toEqual([{ type: 'Container', max: {} }]);
});
