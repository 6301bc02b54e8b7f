import type { Container, Pod, PodStatus } from '@berth/api';
import type { ContainerInfo } from '@berth/runtime';
import { describe, expect, test } from 'vitest';
import type { ContainerView } from './container-status.ts';
import { podStatus } from './pod-status.ts';

const startedAtMs = Date.parse('2026-01-01T00:00:10Z');
const finishedAtMs = Date.parse('2026-01-01T00:00:20Z');
type View = Partial<ContainerView> & { name?: string };

function info(state: ContainerInfo['state'], more: Partial<ContainerInfo> = {}): ContainerInfo {
  const times = { createdAtMs: startedAtMs, startedAtMs, finishedAtMs: state === 'exited' ? finishedAtMs : 0 };
  return {
    id: `c${more.attempt ?? 0}`,
    attempt: 0,
    state,
    exitCode: 0,
    reason: '',
    message: '',
    imageRef: 'sha256:1',
    ...times,
    ...more,
  } as ContainerInfo;
}

const running = (): View => ({ instances: [info('running')] });
const exited = (exitCode: number, more: Partial<ContainerInfo> = {}): View => ({ instances: [info('exited', { exitCode, ...more })] });
const waiting = (reason: string, ended?: View): View => ({ waiting: { reason }, instances: ended?.instances ?? [] });
const sidecar = (view: View): View => ({ ...view, name: 'side' });

function statusOf(
  main: View[],
  more: { init?: View[]; spec?: Partial<Pod['spec']>; previous?: PodStatus; terminated?: boolean; pod?: Partial<Pod> } = {},
) {
  const view = (given: View, prefix: string, i: number): ContainerView => {
    const container: Container = {
      name: given.name ?? `${prefix}${i}`,
      image: 'web:1',
      ...(given.name === 'side' && { restartPolicy: 'Always' }),
    };
    return { container, instances: [], started: true, ready: true, terminationMessage: () => '', ...given };
  };
  const init = (more.init ?? []).map((given, i) => view(given, 'init', i));
  const containers = main.map((given, i) => view(given, 'main', i));
  const spec = { initContainers: init.map((v) => v.container), containers: containers.map((v) => v.container), ...more.spec };
  return podStatus({
    pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', generation: 4 }, spec, ...more.pod },
    ...{ previous: more.previous, nowMs: Date.parse('2026-01-01T00:01:00Z'), hostIp: '10.0.0.1', podIps: ['10.1.0.2'], sandboxReady: true },
    ...{ terminated: more.terminated ?? false, initContainers: init, containers },
  });
}

describe('the phase', () => {
  const never = { restartPolicy: 'Never' };
  const onFailure = { restartPolicy: 'OnFailure' };
  test.each([
    ['Pending', [waiting('ContainerCreating')], {}],
    ['Pending', [running(), waiting('ImagePullBackOff')], {}],
    ['Pending', [waiting('PodInitializing')], { init: [running()] }],
    ['Running', [running(), exited(0)], {}],
    ['Running', [exited(0)], {}],
    ['Running', [waiting('CrashLoopBackOff', exited(1))], { spec: onFailure }],
    ['Succeeded', [exited(0), exited(0)], { spec: onFailure }],
    ['Succeeded', [exited(0)], { spec: never }],
    ['Running', [exited(1)], { spec: onFailure }],
    ['Failed', [exited(0), exited(1)], { spec: never }],
    ['Running', [exited(1), running()], { spec: never }],
    ['Failed', [waiting('PodInitializing')], { spec: never, init: [exited(1)] }],
    ['Pending', [waiting('PodInitializing')], { init: [exited(1)] }],
    ['Running', [exited(0)], { spec: never, init: [sidecar(running())] }],
    ['Succeeded', [exited(0)], { spec: never, init: [sidecar(exited(137))] }],
    ['Failed', [exited(143)], { terminated: true }],
    ['Succeeded', [exited(0)], { terminated: true }],
    ['Failed', [running()], { previous: { phase: 'Failed' } }],
  ])('%s %#', (phase, main, more) => {
    expect(statusOf(main, more).phase).toBe(phase);
  });
});

describe('conditions', () => {
  const conditionsOf = (status: PodStatus) => Object.fromEntries((status.conditions ?? []).map((c) => [c.type, c]));

  test('a pod whose containers are ready is ready', () => {
    const conditions = conditionsOf(statusOf([running()]));
    for (const type of ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady'])
      expect(conditions[type]).toEqual({ type, status: 'True', observedGeneration: 4, lastTransitionTime: '2026-01-01T00:01:00Z' });
  });

  test('what is not ready is named', () => {
    const conditions = conditionsOf(
      statusOf([running(), { ...running(), ready: false }], { init: [sidecar({ ...running(), started: false })] }),
    );
    const expected = { status: 'False', reason: 'ContainersNotReady', message: 'containers with unready status: [main1 side]' };
    expect(conditions.Ready).toMatchObject(expected);
    expect(conditions.ContainersReady).toMatchObject(expected);
    expect(conditionsOf(statusOf([waiting('PodInitializing')], { init: [exited(0), running()] })).Initialized).toMatchObject({
      ...{ status: 'False', reason: 'ContainersNotInitialized', message: 'containers with incomplete status: [init1]' },
    });
  });

  test('a readiness gate holds the pod back until its condition is true', () => {
    const readinessGates = [{ conditionType: 'example.com/gate' }];
    const gate = (status: string) => ({ type: 'example.com/gate', status });
    const closed = conditionsOf(statusOf([running()], { spec: { readinessGates } }));
    expect(closed.Ready).toMatchObject({ status: 'False', reason: 'ReadinessGatesNotReady' });
    expect(closed.ContainersReady?.status).toBe('True');
    const spec = { readinessGates, containers: [{ name: 'main0', image: 'web:1' }] };
    const open = conditionsOf(statusOf([running()], { spec, pod: { spec, status: { conditions: [gate('True')] } } }));
    expect(open.Ready?.status).toBe('True');
    expect(open['example.com/gate']).toEqual(gate('True'));
  });

  test('an ended pod says why it is not ready', () => {
    const spec = { restartPolicy: 'Never' };
    const good = conditionsOf(statusOf([exited(0)], { spec }));
    expect(good.Ready).toMatchObject({ status: 'False', reason: 'PodCompleted' });
    expect(good.Initialized).toMatchObject({ status: 'True', reason: 'PodCompleted' });
    expect(conditionsOf(statusOf([exited(1)], { spec })).ContainersReady).toMatchObject({ status: 'False', reason: 'PodFailed' });
  });

  test('the time of a condition stays while it does', () => {
    const previous = { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2025-12-01T00:00:00Z' }] } as PodStatus;
    expect(conditionsOf(statusOf([running()], { previous })).Ready?.lastTransitionTime).toBe('2025-12-01T00:00:00Z');
    expect(conditionsOf(statusOf([waiting('X')], { previous })).Ready?.lastTransitionTime).toBe('2026-01-01T00:01:00Z');
  });
});

describe('a container', () => {
  const first = (view: View, previous?: PodStatus['containerStatuses']) =>
    statusOf([{ ...view, previous: previous?.[0] }]).containerStatuses?.[0];

  test('shows its newest instance, and the one before as its last state', () => {
    const instances = [info('running', { attempt: 3 }), info('exited', { attempt: 2, exitCode: 137, reason: 'OOMKilled' })];
    expect(first({ instances })).toMatchObject({
      ...{
        restartCount: 3,
        ready: true,
        started: true,
        containerID: 'containerd://c3',
        state: { running: { startedAt: '2026-01-01T00:00:10Z' } },
      },
      lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt: '2026-01-01T00:00:20Z' } },
    });
  });

  test.each([
    [0, '', 'Completed'],
    [1, '', 'Error'],
    [128, 'StartError', 'StartError'],
  ])('that ended with %i is %s %s', (exitCode, given, reason) => {
    expect(first(exited(exitCode, { reason: given }))?.state?.terminated).toMatchObject({ exitCode, reason });
  });

  test('that waits to be restarted shows its end as the last state', () => {
    expect(first(waiting('CrashLoopBackOff', exited(2, { attempt: 5 })))).toMatchObject({
      ...{ state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 2 } }, restartCount: 5, ready: false },
    });
  });

  test('what it left behind is its message, before what the runtime says', () => {
    const ended = exited(1, { message: 'from the runtime' });
    expect(first({ ...ended, terminationMessage: () => 'own words' })?.state?.terminated?.message).toBe('own words');
    expect(first(ended)?.state?.terminated?.message).toBe('from the runtime');
  });

  test('that the runtime forgot keeps what was known of it, and counts as ended', () => {
    const before = first({ instances: [info('running', { attempt: 2 })] });
    if (!before) throw new Error('no status');
    expect(first({ instances: [] }, [before])).toMatchObject({
      ...{ restartCount: 3, ready: false, state: { waiting: {} } },
      lastState: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } },
    });
    const ended = first(exited(0));
    if (!ended) throw new Error('no status');
    expect(first({ instances: [] }, [ended])).toEqual(ended);
  });
});

test('a pod started when it was first said to have, whoever said it', () => {
  const earlier = '2025-12-31T23:59:00Z';
  expect(statusOf([running()]).startTime).toBe('2026-01-01T00:01:00Z');
  expect(statusOf([running()], { previous: { startTime: earlier } }).startTime).toBe(earlier);
  expect(statusOf([running()], { pod: { status: { startTime: earlier } } }).startTime).toBe(earlier);
});
