// Who is next, who waits for what, and for how long; on a clock that the test turns.
import type { Pod } from '@berth/api';
import { type Clock, sleepWith } from '@berth/telemetry';
import { beforeEach, expect, test } from 'vitest';
import { SchedulingQueue } from './scheduling-queue.ts';

class TestClock implements Clock {
  nowMs = 0;
  #timers: { atMs: number; callback: () => void }[] = [];
  now = () => this.nowMs;
  monotonicMs = () => this.nowMs;
  sleep = (delayMs: number, signal?: AbortSignal) => sleepWith(this, delayMs, signal);

  after(delayMs: number, callback: () => void) {
    const timer = { atMs: this.nowMs + delayMs, callback };
    this.#timers.push(timer);
    const cancel = () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
    return { cancel };
  }

  turn(byMs: number): void {
    const end = this.nowMs + byMs;
    for (;;) {
      const next = this.#timers.filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.nowMs = next.atMs;
      next.callback();
    }
    this.nowMs = end;
  }
}

let clock: TestClock;
let queue: SchedulingQueue;

beforeEach(() => {
  clock = new TestClock();
  queue = new SchedulingQueue(clock, () => {});
});

function pod(name: string, spec: Partial<Pod['spec']> = {}): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', uid: name }, spec: { containers: [], ...spec } };
}

const names = () => {
  const popped: string[] = [];
  for (let entry = queue.pop(); entry; entry = queue.pop()) popped.push(entry.pod.metadata.name);
  return popped;
};

/** Tries the next pod, which fits nowhere. */
function refuse(plugin: string): void {
  const entry = queue.pop();
  if (!entry) throw new Error('no pod is active');
  queue.unschedulable(entry, [plugin]);
}

test('higher priority first, then the older one; gone and gated pods not at all', () => {
  for (const [name, priority] of [
    ['a', 0],
    ['b', 5],
    ['c', 0],
    ['d', 5],
    ['gone', 9],
  ] as const)
    queue.update(pod(name, { priority }));
  queue.update(pod('gated', { schedulingGates: [{ name: 'x' }] }));
  queue.remove('gone');
  expect(queue.counts()).toMatchObject({ active: 4, gated: 1 });
  expect(names()).toEqual(['b', 'd', 'a', 'c']);
});

test('a pod that does not fit waits for an event that helps, and for its back-off of 1 s to 10 s', () => {
  queue.update(pod('a'));
  for (const waitMs of [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
    refuse('NodeResourcesFit');
    queue.happened('volume');
    expect(queue.counts().unschedulable).toBe(1);
    queue.happened('pod-gone');
    expect(queue.counts().backoff).toBe(1);
    clock.turn(waitMs - 1);
    expect(queue.counts().backoff).toBe(1);
    clock.turn(1);
    expect(queue.counts().active).toBe(1);
  }
});

test('a pod refused for a claim that only one pod may use waits for that pod to go, or the claim to change', () => {
  for (const event of ['pod-gone', 'volume'] as const) {
    queue.update(pod(event));
    refuse('VolumeRestrictions');
    queue.happened('pod-placed');
    expect(queue.counts().unschedulable).toBe(1);
    queue.happened(event);
    expect(queue.counts()).toMatchObject({ unschedulable: 0, backoff: 1 });
    queue.remove(event);
  }
});

test('after its back-off an event helps at once; without any it is tried again after five minutes', () => {
  queue.update(pod('a'));
  refuse('InterPodAffinity');
  clock.turn(1_000);
  queue.happened('pod-placed');
  expect(queue.counts().active).toBe(1);
  refuse('InterPodAffinity');
  clock.turn(299_999);
  expect(queue.counts().unschedulable).toBe(1);
  clock.turn(1);
  expect(names()).toEqual(['a']);
});

test('a status that changes wakes nobody; a spec that changes does, and so does a gate that opens', () => {
  queue.update(pod('a'));
  refuse('NodeAffinity');
  clock.turn(60_000);
  queue.update({ ...pod('a'), status: { phase: 'Pending' } });
  expect(queue.counts().unschedulable).toBe(1);
  queue.update(pod('a', { nodeSelector: { disk: 'ssd' } }));
  expect(names()).toEqual(['a']);
  queue.update(pod('gated', { schedulingGates: [{ name: 'x' }] }));
  expect(names()).toEqual([]);
  queue.update(pod('gated'));
  expect(names()).toEqual(['gated']);
});

test('while others are removed for a pod it is not tried; what helped meanwhile counts once that is done', () => {
  const preempting = () => {
    queue.update(pod('a'));
    const entry = queue.pop();
    if (!entry) throw new Error('no pod is active');
    queue.preempting(entry, ['NodeResourcesFit']);
    return entry;
  };
  const first = preempting();
  queue.happened('pod-gone');
  clock.turn(60_000);
  expect(queue.counts()).toMatchObject({ preempting: 1, active: 0 });
  queue.preempted(first, true);
  expect(names()).toEqual(['a']);
  queue.remove('a');
  // Nothing happened: it waits for an event. It did not work: it is tried again by itself.
  queue.preempted(preempting(), true);
  expect(queue.counts().unschedulable).toBe(1);
  queue.remove('a');
  queue.preempted(preempting(), false);
  expect(queue.counts().backoff).toBe(1);
  clock.turn(1_000);
  expect(names()).toEqual(['a']);
  queue.remove('a');
  // It went away meanwhile.
  const gone = preempting();
  queue.remove('a');
  queue.preempted(gone, false);
  expect(queue.counts()).toMatchObject({ unschedulable: 0, backoff: 0, active: 0 });
});

test('a pod whose victims are gone is tried at once, wherever it waits', () => {
  queue.update(pod('a'));
  refuse('NodeResourcesFit');
  queue.roomMade('a');
  expect(queue.counts().active).toBe(1);
  refuse('NodeResourcesFit');
  queue.happened('pod-gone');
  expect(queue.counts().backoff).toBe(1);
  queue.roomMade('a');
  expect(names()).toEqual(['a']);
  queue.roomMade('unknown');
  expect(names()).toEqual([]);
});

test('a pod that is going helps those that were refused for the spread of pods, as it does not count any more', () => {
  queue.update(pod('spread'));
  refuse('PodTopologySpread');
  queue.update(pod('full'));
  refuse('NodeResourcesFit');
  queue.happened('pod-terminating');
  clock.turn(1_000);
  expect(names()).toEqual(['spread']);
});
