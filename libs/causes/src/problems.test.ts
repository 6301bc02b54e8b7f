import type { Deployment, Event, Node, PersistentVolumeClaim, Pod, PodStatus } from '@berth/api';
import { expect, test } from 'vitest';
import { groupProblems } from './problem-groups.ts';
import { findProblems, type Observed } from './problems.ts';

const now = Date.parse('2026-11-23T03:00:00Z');
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
const find = (observed: Partial<Observed>) =>
  findProblems({ pods: [], nodes: [], deployments: [], claims: [], volumes: [], events: [], ...observed }, now);

function pod(name: string, status: PodStatus, more: { nodeName?: string; owner?: string; deletionTimestamp?: string } = {}): Pod {
  const { nodeName = 'n1', owner, deletionTimestamp } = more;
  const ownerReferences = owner ? [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }] : [];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name, creationTimestamp: ago(600), ownerReferences, deletionTimestamp },
    spec: { containers: [{ name: 'main', image: 'x' }], nodeName: nodeName || undefined },
    status,
  };
}

const crashing: PodStatus = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: ago(500) }],
  containerStatuses: [
    {
      name: 'main',
      image: 'x',
      imageID: '',
      ready: false,
      restartCount: 7,
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s' } },
      lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt: ago(90) } },
    },
  ],
};

test('a crash loop says how the container ended last and how often', () => {
  const [problem] = find({ pods: [pod('web-1', crashing)] });
  expect(problem).toMatchObject({ kind: 'Pod', name: 'web-1', severity: 'error', reason: 'OOMKilled' });
  expect(problem?.message).toBe('container main; last ended with exit code 137 (OOMKilled); restarted 7 times; back-off 5m0s');
});

test('a pod that fits nowhere gives the scheduler’s reason', () => {
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' }];
  const [problem] = find({ pods: [pod('huge', { phase: 'Pending', conditions }, { nodeName: '' })] });
  expect(problem).toMatchObject({ reason: 'Unschedulable', message: '0/3 nodes are available' });
});

test('what is well, done, or merely starting is no problem', () => {
  const starting: PodStatus = {
    phase: 'Pending',
    conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: ago(5) }],
    containerStatuses: [
      { name: 'main', image: 'x', imageID: '', ready: false, restartCount: 0, state: { waiting: { reason: 'ContainerCreating' } } },
    ],
  };
  const justRunning: PodStatus = { phase: 'Running', conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: ago(20) }] };
  const pods = [
    { ...pod('a', starting), metadata: { namespace: 'default', name: 'a', creationTimestamp: ago(90) } },
    pod('b', justRunning),
    pod('c', { phase: 'Succeeded' }),
    pod('d', crashing, { deletionTimestamp: ago(-20) }),
  ];
  expect(find({ pods })).toEqual([]);
});

test('a pod that nobody has said anything of is one after two minutes', () => {
  const [unseen, unreported] = find({ pods: [pod('a', { phase: 'Pending' }, { nodeName: '' }), pod('b', { phase: 'Pending' })] });
  expect(unseen).toMatchObject({ reason: 'Slow to start', message: 'the scheduler has not looked at it' });
  expect(unreported?.message).toBe('node n1 has not reported on it');
});

test('a pod that does not become ready, or does not go, is one after a minute', () => {
  const unready: PodStatus = { phase: 'Running', conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: ago(61) }] };
  const problems = find({ pods: [pod('a', unready), pod('b', { phase: 'Running' }, { deletionTimestamp: ago(61) })] });
  expect(problems.map(({ reason, severity }) => `${severity} ${reason}`)).toEqual(['warning Not ready', 'warning Stuck terminating']);
});

test('nodes: lost, never heard of, and short of disk', () => {
  const node = (name: string, conditions: { type: string; status: 'True' | 'False' | 'Unknown' }[]): Node => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec: {},
    status: { conditions },
  });
  const nodes = [
    node('well', [{ type: 'Ready', status: 'True' }]),
    node('lost', [{ type: 'Ready', status: 'Unknown' }]),
    node('new', []),
    node('full', [
      { type: 'Ready', status: 'True' },
      { type: 'DiskPressure', status: 'True' },
    ]),
  ];
  expect(find({ nodes }).map(({ name, reason }) => `${name} ${reason}`)).toEqual(['lost Node lost', 'new NotReady', 'full DiskPressure']);
});

test('deployments: the cause comes before its effect', () => {
  const deployment: Deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: 'default', name: 'web' },
    spec: { replicas: 3, selector: {}, template: { metadata: {}, spec: { containers: [] } } },
    status: {
      conditions: [
        { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message: 'too few' },
        { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'timed out' },
      ],
    },
  };
  expect(find({ deployments: [deployment] })[0]).toMatchObject({
    reason: 'ProgressDeadlineExceeded',
    message: '0 of 3 available: timed out',
  });
});

test('claims: lost ones, and pending ones that something failed for; not those that wait for their first pod', () => {
  const claim = (name: string, phase: 'Pending' | 'Lost'): PersistentVolumeClaim => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace: 'default', name, uid: name, creationTimestamp: ago(300) },
    spec: { volumeName: 'pv-1' },
    status: { phase },
  });
  const failed: Event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e', namespace: 'default' },
    involvedObject: { kind: 'PersistentVolumeClaim', uid: 'broken' },
    type: 'Warning',
    reason: 'ProvisioningFailed',
    message: 'no space',
  };
  const problems = find({ claims: [claim('waits', 'Pending'), claim('broken', 'Pending'), claim('gone', 'Lost')], events: [failed] });
  expect(problems.map(({ name, reason, message }) => [name, reason, message])).toEqual([
    ['broken', 'ProvisioningFailed', 'no space'],
    ['gone', 'Lost', 'its volume pv-1 is gone'],
  ]);
});

test('pods that one node keeps from ending are one problem', () => {
  const late = (name: string, nodeName: string) => pod(name, { phase: 'Running' }, { nodeName, deletionTimestamp: ago(100) });
  const groups = groupProblems(find({ pods: [late('a', 'n1'), late('b', 'n1'), late('c', 'n2')] }));
  expect(groups.map(({ all }) => all.length)).toEqual([2, 1]);
});

test('pods of one owner with one fault are one problem; errors come before warnings', () => {
  const pods = [1, 2, 3].map((index) => pod(`web-${index}`, crashing, { owner: 'web' }));
  const node: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n' },
    spec: {},
    status: {
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'MemoryPressure', status: 'True' },
      ],
    },
  };
  const groups = groupProblems(find({ pods: [...pods, pod('alone', crashing, { owner: 'other' })], nodes: [node] }));
  expect(groups.map(({ first, all }) => `${first.reason} ${all.length}`)).toEqual(['OOMKilled 3', 'OOMKilled 1', 'MemoryPressure 1']);
});
