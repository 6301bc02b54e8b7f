import { expect, test } from 'vitest';
import { calm, isRelieved, type Observations, type PressureState, pressureStep } from './pressure.ts';
import { defaultEvictionOptions, type EvictionOptions, evictionSettings } from './thresholds.ts';

/** What the node says of itself as time goes by: at each second, the conditions and what is to be reclaimed. */
function course(options: Partial<EvictionOptions>, looks: [seconds: number, observations: Observations][]) {
  const settings = evictionSettings({ ...defaultEvictionOptions, hard: '', ...options });
  let state: PressureState = calm;
  return looks.map(([seconds, observations]) => {
    const step = pressureStep(settings, state, observations, seconds * 1000);
    state = step.state;
    return [step.conditions.join(' '), step.due.map(({ signal }) => signal).join(' ')];
  });
}

const disk = (available: number): Observations => ({ 'nodefs.available': { available, capacity: 1000 } });
const memory = (available: number): Observations => ({ 'memory.available': { available, capacity: 1000 } });

test('a hard threshold acts at once; the condition stays for the transition period after it was last seen', () => {
  const looks: [number, Observations][] = [
    [0, disk(100)],
    [10, disk(99)],
    [20, disk(500)],
    [309, disk(500)],
    [310, disk(500)],
  ];
  expect(course({ hard: 'nodefs.available<10%' }, looks)).toEqual([
    ['', ''],
    ['DiskPressure', 'nodefs.available'],
    ['DiskPressure', ''],
    ['DiskPressure', ''],
    ['', ''],
  ]);
});

test('a soft threshold shows at once and acts after its grace period, which begins anew when it was good meanwhile', () => {
  const options = { soft: 'memory.available<100', softGracePeriod: 'memory.available=30s', pressureTransitionPeriod: '0s' };
  const looks: [number, Observations][] = [
    [0, memory(99)],
    [29, memory(99)],
    [30, memory(99)],
    [40, memory(100)],
    [50, memory(99)],
    [79, memory(99)],
    [80, memory(99)],
  ];
  expect(course(options, looks)).toEqual([
    ['MemoryPressure', ''],
    ['MemoryPressure', ''],
    ['MemoryPressure', 'memory.available'],
    ['', ''],
    ['MemoryPressure', ''],
    ['MemoryPressure', ''],
    ['MemoryPressure', 'memory.available'],
  ]);
});

test('what has to be reclaimed is on top of the threshold, once that was crossed', () => {
  const options = { hard: 'nodefs.available<100', minimumReclaim: 'nodefs.available=50', pressureTransitionPeriod: '0s' };
  const looks: [number, Observations][] = [
    [0, disk(149)],
    [1, disk(99)],
    [2, disk(149)],
    [3, disk(150)],
    [4, disk(149)],
  ];
  expect(course(options, looks).map(([, due]) => due)).toEqual(['', 'nodefs.available', 'nodefs.available', '', '']);
  const settings = evictionSettings({ ...defaultEvictionOptions, ...options });
  expect([isRelieved(settings, disk(149)), isRelieved(settings, disk(150))]).toEqual([false, true]);
});

test('memory is the most urgent, and what is not observed is not short', () => {
  const both = { ...disk(1), ...memory(1), 'allocatableMemory.available': { available: 1000, capacity: 1000 } };
  const hard = 'nodefs.available<10%,imagefs.available<10%,memory.available<10%,pid.available<10%';
  expect(course({ hard }, [[0, both]])).toEqual([['MemoryPressure DiskPressure', 'memory.available nodefs.available']]);
});

test('what pods use together counts as memory', () => {
  const pods = { 'allocatableMemory.available': { available: 1, capacity: 1000 } };
  expect(course({ hard: 'memory.available<10%' }, [[0, pods]])).toEqual([['MemoryPressure', 'allocatableMemory.available']]);
});
