import type { Container, Pod, Probe } from '@berth/api';
import { seededRandom, silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import type { ProbeResult } from './probe-result.ts';
import { Prober } from './prober.ts';

const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', uid: 'u' }, spec: { containers: [] } };

function setUp(probes: Partial<Container>, adopted?: { started: boolean; ready: boolean }) {
  const clock = new SimulatedClock();
  const container: Container = { name: 'main', image: 'web', ...probes };
  const seen = { attempts: [] as number[], events: [] as string[], changes: 0 };
  const results: { next: ProbeResult | Error } = { next: { success: true, message: '' } };
  const begunMs = clock.now();
  const prober = new Prober({
    ...{ clock, random: seededRandom(1), logger: silentLogger },
    runner: {
      run: async () => {
        seen.attempts.push((clock.now() - begunMs) / 1000);
        if (results.next instanceof Error) throw results.next;
        return results.next;
      },
    },
    events: {
      failed: (_pod, _container, message) => seen.events.push(message),
      warned: (_pod, _container, message) => seen.events.push(message),
      changed: () => seen.changes++,
    },
  });
  prober.watch({ pod, container, containerId: 'c', podIp: '10.0.0.2', startedAtMs: begunMs, ...(adopted && { adopted }) });
  const fail = (message = 'no') => {
    results.next = { success: false, message };
  };
  const warn = (message: string) => {
    results.next = { success: true, message, isWarning: true };
  };
  const succeed = () => {
    results.next = { success: true, message: '' };
  };
  const breakDown = (message: string) => {
    results.next = new Error(message);
  };
  return { clock, prober, container, seen, fail, warn, succeed, breakDown };
}

const probe: Probe = { exec: { command: ['x'] }, periodSeconds: 5, failureThreshold: 3 };

test('an attempt that succeeds with a warning makes ready, and says what it warns of', async () => {
  const { clock, prober, container, seen, warn } = setUp({ readinessProbe: probe });
  warn('Probe terminated redirects, Response body: ');
  await clock.advance(1000);
  expect(prober.ready(container, 'c')).toBe(true);
  expect(seen.events).toEqual(['Readiness probe warning: Probe terminated redirects, Response body: ']);
});

test('zero is as good as nothing: the period is 10 s, one success and three failures count', async () => {
  const zeroes = { exec: { command: ['x'] }, periodSeconds: 0, timeoutSeconds: 0, successThreshold: 0, failureThreshold: 0 };
  const { clock, prober, container, seen, fail } = setUp({ readinessProbe: zeroes });
  await clock.advance(1000);
  expect(prober.ready(container, 'c')).toBe(true);
  fail();
  await clock.advance(28_000);
  expect(prober.ready(container, 'c')).toBe(true);
  await clock.advance(2000);
  expect(prober.ready(container, 'c')).toBe(false);
  expect(seen.attempts).toEqual([0, 10, 20, 30]);
});

test('the first attempt waits for initialDelaySeconds, the others for the period', async () => {
  const { clock, seen } = setUp({ readinessProbe: { ...probe, initialDelaySeconds: 7 } });
  await clock.advance(18000);
  expect(seen.attempts).toEqual([7, 12, 17]);
});

test('readiness changes when its thresholds are reached', async () => {
  const { clock, prober, container, fail, succeed, seen } = setUp({ readinessProbe: { ...probe, successThreshold: 2 } });
  expect(prober.ready(container, 'c')).toBe(false);
  await clock.advance(1000);
  expect(prober.ready(container, 'c')).toBe(false);
  await clock.advance(5000);
  expect(prober.ready(container, 'c')).toBe(true);
  fail('busy');
  await clock.advance(10000);
  expect(prober.ready(container, 'c')).toBe(true);
  await clock.advance(5000);
  expect(prober.ready(container, 'c')).toBe(false);
  succeed();
  await clock.advance(10000);
  expect(prober.ready(container, 'c')).toBe(true);
  expect(seen.events).toEqual(Array(3).fill('Readiness probe failed: busy'));
  expect(seen.changes).toBe(3);
});

test('liveness asks for an end after as many failures in a row, with its own grace period', async () => {
  const { clock, prober, container, fail, succeed } = setUp({ livenessProbe: { ...probe, terminationGracePeriodSeconds: 2 } });
  fail();
  await clock.advance(6000);
  succeed();
  await clock.advance(5000);
  fail();
  await clock.advance(10000);
  expect(prober.unhealthy(container, 'c')).toBeUndefined();
  await clock.advance(5000);
  expect(prober.unhealthy(container, 'c')).toEqual({ message: 'Container main failed liveness probe', graceSeconds: 2 });
});

test('nothing else is asked before the startup probe has succeeded, readiness at once afterwards', async () => {
  const readinessProbe = { ...probe, periodSeconds: 60 };
  const { clock, prober, container, fail, succeed, seen } = setUp({ startupProbe: probe, readinessProbe });
  fail();
  await clock.advance(6000);
  expect(seen.attempts).toEqual([0, 5]);
  expect(prober.started(container, 'c')).toBe(false);
  succeed();
  await clock.advance(5000);
  expect(prober.started(container, 'c')).toBe(true);
  expect(prober.ready(container, 'c')).toBe(true);
  expect(seen.attempts).toEqual([0, 5, 10, 10]);
});

test('a startup probe that keeps failing asks for an end', async () => {
  const { clock, prober, container, fail } = setUp({ startupProbe: probe });
  fail();
  await clock.advance(9000);
  expect(prober.unhealthy(container, 'c')).toBeUndefined();
  await clock.advance(2000);
  expect(prober.unhealthy(container, 'c')).toEqual({ message: 'Container main failed startup probe' });
});

test('an attempt that could not be made says nothing about the container', async () => {
  const { clock, prober, container, seen, breakDown } = setUp({ livenessProbe: { ...probe, failureThreshold: 1 } });
  breakDown('no such port');
  await clock.advance(20000);
  expect(prober.unhealthy(container, 'c')).toBeUndefined();
  expect(seen.events[0]).toBe('Liveness probe errored and resulted in unknown state: no such port');
});

test('a container that is being ended is asked for its readiness only', async () => {
  const { clock, prober, container, fail } = setUp({
    livenessProbe: { ...probe, failureThreshold: 1 },
    readinessProbe: { ...probe, failureThreshold: 1 },
  });
  await clock.advance(1000);
  prober.stopHealth('c');
  fail();
  await clock.advance(20000);
  expect(prober.unhealthy(container, 'c')).toBeUndefined();
  expect(prober.ready(container, 'c')).toBe(false);
});

test('one that ran before keeps what was known, and is not asked for its start again', async () => {
  const { clock, prober, container, fail, seen } = setUp({ startupProbe: probe, readinessProbe: probe }, { started: true, ready: true });
  expect([prober.started(container, 'c'), prober.ready(container, 'c')]).toEqual([true, true]);
  fail();
  await clock.advance(2000);
  expect(seen.attempts).toHaveLength(1);
  expect(prober.ready(container, 'c')).toBe(true);
});

test('the initial delay counts from the start of the container, not from when somebody looks', async () => {
  const { clock, prober, seen } = setUp({});
  const delayed: Container = { name: 'late', image: 'web', readinessProbe: { ...probe, initialDelaySeconds: 40 } };
  prober.watch({ pod, container: delayed, containerId: 'late', podIp: '10.0.0.2', startedAtMs: clock.now() - 30_000 });
  await clock.advance(9_000);
  expect(seen.attempts).toEqual([]);
  await clock.advance(2_000);
  expect(seen.attempts).toEqual([10]);
});
