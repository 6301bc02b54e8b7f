import type { Container, Pod } from '@berth/api';
import type { ContainerInfo, SandboxInfo } from '@berth/runtime';
import { describe, expect, test } from 'vitest';
import { observe, specHashAnnotation } from './observed.ts';
import { isFinished, isStopped, type PlanContext, planPod } from './plan.ts';

const main: Container = { name: 'main', image: 'web:1' };
const init: Container = { name: 'init', image: 'init:1' };
const sidecar: Container = { name: 'side', image: 'side:1', restartPolicy: 'Always' };

function podOf(spec: Partial<Pod['spec']> = {}): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', uid: 'u' }, spec: { containers: [main], ...spec } };
}

const sandbox = (state: 'ready' | 'notReady' = 'ready', attempt = 0) =>
  ({ id: `s${attempt}`, attempt, state, createdAtMs: attempt }) as SandboxInfo;

/** `main:running`, `main:exited:1`, `init:exited:0:s1` (the last is the sandbox), `main#3:running` (the attempt). */
function instance(text: string): ContainerInfo {
  const [title = '', state, exitCode = '0', sandboxId = 's0'] = text.split(':');
  const [name = '', attempt = '0'] = title.split('#');
  return { id: title, name, attempt: Number(attempt), state, exitCode: Number(exitCode), sandboxId, annotations: {} } as ContainerInfo;
}

const calm: PlanContext = {
  nowMs: 1000,
  restartReadyAtMs: () => 0,
  nextAttempt: () => 0,
  unhealthy: () => undefined,
  started: () => true,
  specHash: () => 'same',
  resize: () => undefined,
  isRestarting: () => false,
};

/** What the plan does, in short: `sandbox 0`, `start main#1`, `kill main`, `wait main`. */
function steps(pod: Pod, sandboxes: SandboxInfo[], instances: string[], context: Partial<PlanContext> = {}): string[] {
  const plan = planPod(pod, observe(sandboxes, instances.map(instance)), { ...calm, ...context });
  return [
    ...plan.kill.map((kill) => `kill ${kill.containerId}`),
    ...(plan.createSandbox === undefined ? [] : [`sandbox ${plan.createSandbox}`]),
    ...plan.resize.map(({ current }) => `resize ${current.id}`),
    ...plan.start.map((start) => `start ${start.container.name}#${start.attempt}`),
    ...[...plan.waiting.keys()].map((name) => `wait ${name}`),
  ];
}

describe('init containers', () => {
  const pod = podOf({ initContainers: [init, { ...init, name: 'second' }] });
  test.each([
    ['the first alone, with the sandbox', [], [], ['sandbox 0', 'start init#0']],
    ['nothing beside a running one', [sandbox()], ['init:running'], []],
    ['the second after the first', [sandbox()], ['init:exited:0'], ['start second#0']],
    ['a failed one again', [sandbox()], ['init:exited:3'], ['start init#1']],
    ['main containers last', [sandbox()], ['init:exited:0', 'second:exited:0'], ['start main#0']],
    ['none once main containers run', [sandbox()], ['main:running'], []],
    [
      'all again in a new sandbox',
      [sandbox('notReady')],
      ['init:exited:0', 'second:exited:0', 'main:exited:137'],
      ['sandbox 1', 'start init#1'],
    ],
    [
      'main containers in a new sandbox once the init containers ran there',
      [sandbox('ready', 1)],
      ['init#1:exited:0:s1', 'second#1:exited:0:s1', 'main:exited:137'],
      ['start main#1'],
    ],
  ])('%s', (_title, sandboxes, instances, expected) => {
    expect(steps(pod, sandboxes, instances)).toEqual(expected);
  });

  test('one that fails under Never ends the pod', () => {
    const observed = observe([sandbox()], [instance('init:exited:1')]);
    expect(isFinished({ ...pod, spec: { ...pod.spec, restartPolicy: 'Never' } }, observed)).toBe(true);
    expect(isFinished(pod, observed)).toBe(false);
  });
});

describe('sidecars', () => {
  const pod = podOf({ initContainers: [sidecar, init], restartPolicy: 'Never' });
  test.each([
    ['first, alone', [], {}, ['start side#0']],
    ['hold back what follows until they have started', ['side:running'], { started: () => false }, []],
    ['let the next init container go once started', ['side:running'], {}, ['start init#0']],
    ['are restarted, also under Never and with exit code 0', ['side:exited:0', 'main:running'], {}, ['start side#1']],
    [
      'do not hold back a main container that ran before',
      ['side:exited:1', 'init:exited:0', 'main:running'],
      { restartReadyAtMs: () => 2000 },
      ['wait side'],
    ],
    [
      'that are sick are killed',
      ['side:running', 'main:running'],
      { unhealthy: (name: string) => (name === 'side' ? { message: 'sick' } : undefined) },
      ['kill side'],
    ],
  ])('%s', (_title, instances, context, expected) => {
    expect(steps(pod, [sandbox()], instances, context)).toEqual(expected);
  });

  test('do not keep a pod from finishing', () => {
    const observed = observe([sandbox()], ['side:running', 'init:exited:0', 'main:exited:0'].map(instance));
    expect(isFinished(pod, observed)).toBe(true);
  });
});

describe('restart policies', () => {
  test.each([
    ['Always', 'main:exited:0', ['start main#1'], false],
    ['Always', 'main:exited:1', ['start main#1'], false],
    ['OnFailure', 'main:exited:1', ['start main#1'], false],
    ['OnFailure', 'main:exited:0', [], true],
    ['Never', 'main:exited:1', [], true],
    ['Never', 'main:exited:0', [], true],
  ])('%s after %s', (restartPolicy, ended, expected, finished) => {
    const pod = podOf({ restartPolicy });
    expect(steps(pod, [sandbox()], [ended])).toEqual(expected);
    expect(isFinished(pod, observe([sandbox()], [instance(ended)]))).toBe(finished);
  });

  test('a pod is finished only when every main container is', () => {
    const pod = podOf({ restartPolicy: 'Never', containers: [main, { ...main, name: 'other' }] });
    expect(isFinished(pod, observe([sandbox()], ['main:exited:0', 'other:running'].map(instance)))).toBe(false);
    expect(isFinished(pod, observe([sandbox()], ['main:exited:0', 'other:exited:1'].map(instance)))).toBe(true);
  });

  test('OnFailure does not repeat in a new sandbox what succeeded', () => {
    const pod = podOf({ restartPolicy: 'OnFailure', containers: [main, { ...main, name: 'other' }] });
    expect(steps(pod, [sandbox('notReady')], ['main:exited:0', 'other:exited:137'])).toEqual(['sandbox 1', 'start other#1']);
  });
});

describe('resizes', () => {
  test('are done beside what runs, or by a restart', () => {
    expect(steps(podOf(), [sandbox()], ['main:running'], { resize: () => 'update' })).toEqual(['resize main']);
    expect(steps(podOf(), [sandbox()], ['main:running'], { resize: () => 'restart' })).toEqual(['kill main']);
  });

  test('start again what ended for them, also when it ended well and would be left so', () => {
    const pod = podOf({ restartPolicy: 'OnFailure' });
    const isRestarting = (id: string) => id === 'main';
    expect(steps(pod, [sandbox()], ['main:exited:0'], { isRestarting })).toEqual(['start main#1']);
    expect(isFinished(pod, observe([sandbox()], [instance('main:exited:0')]), isRestarting)).toBe(false);
  });
});

describe('what else happens to containers', () => {
  test('a lost sandbox takes what still runs with it, then everything starts anew', () => {
    expect(steps(podOf(), [sandbox('notReady', 2)], ['main#4:running:0:s2'])).toEqual(['kill main#4']);
    expect(steps(podOf(), [sandbox('notReady', 2)], ['main#4:exited:137:s2'])).toEqual(['sandbox 3', 'start main#5']);
  });

  test('a back-off is waited for', () => {
    expect(steps(podOf(), [sandbox()], ['main:exited:1'], { restartReadyAtMs: () => 1001 })).toEqual(['wait main']);
    expect(steps(podOf(), [sandbox()], ['main:exited:1'], { restartReadyAtMs: () => 1000 })).toEqual(['start main#1']);
  });

  test('one that was made and never started is made anew under its number', () => {
    const plan = planPod(podOf(), observe([sandbox()], [instance('main#2:created')]), calm);
    expect(plan.start).toMatchObject([{ attempt: 2, replaces: 'main#2' }]);
  });

  test('one that the runtime forgot goes on with the next number', () => {
    expect(steps(podOf(), [sandbox()], [], { nextAttempt: () => 7 })).toEqual(['start main#7']);
  });

  test('one in an unknown state is killed first', () => {
    expect(steps(podOf(), [sandbox()], ['main:unknown'])).toEqual(['kill main']);
  });

  test('a changed image restarts in place, except under Never', () => {
    const running = { ...instance('main:running'), annotations: { [specHashAnnotation]: 'old' } };
    const kills = (restartPolicy: string) => planPod(podOf({ restartPolicy }), observe([sandbox()], [running]), calm).kill;
    expect(kills('Always')).toMatchObject([{ message: 'Container main definition changed, will be restarted' }]);
    expect(kills('Never')).toEqual([]);
  });

  test('a failed probe kills with its own grace period, and says whether a restart follows', () => {
    const unhealthy = () => ({ message: 'Container main failed liveness probe', graceSeconds: 3 });
    const kill = (restartPolicy: string) =>
      planPod(podOf({ restartPolicy }), observe([sandbox()], [instance('main:running')]), { ...calm, unhealthy }).kill[0];
    expect(kill('Always')).toMatchObject({ message: 'Container main failed liveness probe, will be restarted', graceSeconds: 3 });
    expect(kill('Never')?.message).toBe('Container main failed liveness probe');
  });
});

test('a pod has stopped once nothing runs and no sandbox is left, older ones included', () => {
  const stopped = (sandboxes: SandboxInfo[], ...instances: string[]) => isStopped(observe(sandboxes, instances.map(instance)));
  expect(stopped([])).toBe(true);
  expect(stopped([sandbox('notReady', 1)], 'main:exited')).toBe(true);
  expect(stopped([sandbox('notReady', 1)], 'main:running')).toBe(false);
  expect(stopped([sandbox('ready', 1)])).toBe(false);
  expect(stopped([sandbox('notReady', 1), sandbox('ready', 0)])).toBe(false);
});
