import type { Pod } from '@berth/api';
import { systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import type { ObservedPod } from './observed.ts';
import { PodReporter } from './pod-reporter.ts';

function podWith(resourceVersion: string, ready?: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'web', resourceVersion },
    spec: { containers: [{ name: 'main', image: 'web:1' }] },
    status: { phase: 'Running', conditions: ready ? [{ type: 'Ready', status: ready }] : [] },
  };
}

test('the same status is sent once, and again only to each version of the pod that contradicts it', async () => {
  const sent: unknown[] = [];
  const clock = { ...systemClock, now: () => Date.parse('2026-01-01T00:00:00Z') };
  const node = {
    ...{ clock, hostIp: '10.0.0.1', prober: { started: () => false, ready: () => false } },
    traces: { terminationMessage: async () => '' },
  };
  const reporter = new PodReporter({ node, reports: { status: (report) => sent.push(report) } }, undefined);
  const observed: ObservedPod = { sandbox: undefined, containers: new Map() } as unknown as ObservedPod;
  const report = async (pod: Pod) => {
    const resizer = { actual: () => ({}), conditions: [], isRestarting: () => false };
    await reporter.report(observed, { pod, podIps: [], waiting: new Map(), failure: undefined, resizer, terminated: false });
    return sent.length;
  };
  expect(await report(podWith('1'))).toBe(1);
  expect(await report(podWith('1'))).toBe(1);
  expect(await report(podWith('2', 'False'))).toBe(1);
  expect(await report(podWith('3', 'True'))).toBe(2);
  expect(await report(podWith('3', 'True'))).toBe(2);
});
