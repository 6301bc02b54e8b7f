import type { ContainerStatus, Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { loggedContainers, runsOf, sourcesOf } from './log-sources.ts';

const status = (state: object, last?: number): ContainerStatus =>
  ({ name: 'main', containerID: 'c1', state, lastState: last === undefined ? {} : { terminated: { exitCode: last } } }) as ContainerStatus;

test('the run before is shown by itself when it ended badly and another one runs', () => {
  const runs = (state: object, last?: number) => Object.values(runsOf(status(state, last)));
  expect(runs({ running: {} })).toEqual(['c1', false, false]);
  expect(runs({ running: {} }, 1)).toEqual(['c1', true, true]);
  expect(runs({ running: {} }, 0)).toEqual(['c1', true, false]);
  // What is read first is the log of the last run already.
  expect(runs({ waiting: { reason: 'CrashLoopBackOff' } }, 1)).toEqual(['c1', false, false]);
  expect(runs({ waiting: { reason: 'ContainerCreating' } })).toEqual([undefined, false, false]);
  expect(runsOf(undefined).run).toBeUndefined();
});

test('logs of a workload are told apart by what differs', () => {
  const pod = (name: string, containers: string[]) =>
    ({
      metadata: { namespace: 'd', name },
      spec: { containers: containers.map((one) => ({ name: one })) },
      status: { containerStatuses: containers.map((one) => ({ ...status({ running: {} }, 1), name: one })) },
    }) as unknown as Pod;
  const labels = (pods: Pod[], previous = false) => sourcesOf(loggedContainers(pods), previous).map(({ label }) => label);
  expect(labels([pod('a', ['main'])])).toEqual(['']);
  expect(labels([pod('a', ['main', 'side'])])).toEqual(['main', 'side']);
  expect(labels([pod('a', ['main']), pod('b', ['main'])])).toEqual(['a', 'b']);
  expect(labels([pod('a', ['main', 'side']), pod('b', ['main'])])).toEqual(['a/main', 'a/side', 'b/main']);
  expect(sourcesOf(loggedContainers([pod('a', ['main'])]), true).map(({ isPrevious }) => isPrevious)).toEqual([true, false]);
});
