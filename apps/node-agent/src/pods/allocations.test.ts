import type { Pod, ResourceRequirements } from '@berth/api';
import { expect, test } from 'vitest';
import { Allocations } from './allocations.ts';
import { podOf } from './testing.ts';

const size = (cpu: string, isGuaranteed = false): ResourceRequirements => {
  const amounts = { cpu, memory: '64Mi' };
  return { requests: amounts, ...(isGuaranteed && { limits: amounts }) };
};

function sized(name: string, resources: ResourceRequirements, priority?: number): Pod {
  return podOf('app', { containers: [{ name: 'main', image: 'app', resources }], ...(priority !== undefined && { priority }) }, name);
}

/** A node of two cpus: who was woken, and since when it is now. */
function node() {
  const woken: string[] = [];
  let nowMs = 0;
  const allocations = new Allocations({ cpuCores: 2, memoryBytes: 2 ** 30, storageBytes: 2 ** 34 }, { now: () => nowMs++ }, (uid) =>
    woken.push(uid.slice('uid-'.length)),
  );
  const add = (...pods: Pod[]) => {
    for (const pod of pods) allocations.add(pod);
  };
  const ask = (pod: Pod) => {
    const answer = allocations.request(pod);
    return typeof answer === 'object' ? answer.reason : answer;
  };
  return { allocations, woken, add, ask };
}

test('of those that wait, room goes by priority, then to guaranteed pods, then to the one that waited longest', () => {
  const { allocations, add, ask } = node();
  const names = { first: [false], second: [false], guaranteed: [true], urgent: [false, 1000], low: [true, -5] } as const;
  const wanted = new Map(
    Object.entries(names).map(([name, [isGuaranteed, priority]]) => [name, sized(name, size('400m', isGuaranteed), priority)]),
  );
  for (const [name, [isGuaranteed, priority]] of Object.entries(names)) add(sized(name, size('200m', isGuaranteed), priority));
  const fillers = [1, 2, 3, 4, 5].map((n) => sized(`filler-${n}`, size('200m')));
  add(...fillers);
  for (const pod of wanted.values()) expect(ask(pod)).toBe('Deferred');
  const granted: string[] = [];
  const give = (filler: Pod) => {
    allocations.release(filler.metadata.uid ?? '');
    granted.push([...wanted].flatMap(([name, pod]) => (ask(pod) === 'granted' ? name : [])).join());
  };
  for (const filler of fillers) give(filler);
  expect(granted).toEqual(['urgent', 'guaranteed', 'first', 'second', 'low']);
});

test('one that fits is not held up by one before it that does not, nor is one that asks for less', () => {
  const { add, ask, woken } = node();
  add(sized('big', size('100m'), 1000), sized('small', size('100m')), sized('less', size('900m')), sized('filler', size('800m')));
  expect(ask(sized('big', size('1500m'), 1000))).toBe('Deferred');
  expect(ask(sized('small', size('200m')))).toBe('granted');
  expect(woken).toEqual(['big']);
  expect(ask(sized('less', size('100m')))).toBe('granted');
  expect(ask(sized('big', size('1500m'), 1000))).toBe('Deferred');
});

test('what is given back in one resource lets go on who waited for it, though it was before in the order', () => {
  const { add, ask, woken } = node();
  const trade = (cpu: string, memory: string) => sized('trade', { requests: { cpu, memory } });
  add(trade('100m', '900Mi'), sized('urgent', size('100m'), 1000), sized('filler', size('800m')));
  const urgent = sized('urgent', { requests: { cpu: '100m', memory: '512Mi' } }, 1000);
  expect(ask(urgent)).toBe('Deferred');
  expect(ask(trade('200m', '64Mi'))).toBe('granted');
  expect(woken).toEqual(['urgent']);
  expect(ask(urgent)).toBe('granted');
  expect(ask(urgent)).toBeUndefined();
});

test('how long one had waited outlives the agent', () => {
  const { allocations, add, ask } = node();
  const waited = (lastTransitionTime: string) => ({
    conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Deferred', lastTransitionTime }],
    containerStatuses: [
      {
        name: 'main',
        image: '',
        imageID: '',
        ready: true,
        restartCount: 0,
        allocatedResources: size('100m').requests,
        resources: size('100m'),
      },
    ] as never,
  });
  const later = { ...sized('later', size('300m')), status: waited('2026-01-01T00:00:09Z') };
  const sooner = { ...sized('sooner', size('300m')), status: waited('2026-01-01T00:00:02Z') };
  add(later, sooner, sized('filler', size('1700m')), sized('half', size('100m')));
  expect([ask(later), ask(sooner)]).toEqual(['Deferred', 'Deferred']);
  allocations.release('uid-half');
  add(sized('rest', size('0')));
  allocations.release('uid-filler');
  expect([ask(sooner), ask(later)]).toEqual(['granted', 'granted']);
});
