import type { Container, Pod, ResourceRequirements } from '@berth/api';
import { expect, test } from 'vitest';
import { containerResources, podCgroupAmounts } from './resources.ts';
import { podOf } from './testing.ts';

const mebi = 2 ** 20;
const limits = (cpu?: string, memory?: string): ResourceRequirements => ({ limits: { ...(cpu && { cpu }), ...(memory && { memory }) } });
const container = (name: string, resources?: ResourceRequirements): Container => ({ name, image: 'app', ...(resources && { resources }) });
const amounts = (spec: Partial<Pod['spec']>) => podCgroupAmounts(podOf('app', spec));

test('a pod is limited to what its containers are limited to together, and has the share that they request', () => {
  const requests = { cpu: '250m', memory: '32Mi' };
  const containers = [container('a', { requests, ...limits('500m', '64Mi') }), container('b', limits('290m', '100Mi'))];
  expect(amounts({ containers })).toEqual({ cpuShares: 256, cpuQuotaMicros: 79_000, memoryLimitBytes: 164 * mebi });
  expect(amounts({ containers, overhead: { cpu: '100m', memory: '8Mi' } })).toEqual({
    ...{ cpuShares: 358, cpuQuotaMicros: 89_000, memoryLimitBytes: 172 * mebi },
  });
});

test('one container without a limit leaves the pod without it', () => {
  const containers = [container('a', limits('500m', '64Mi')), container('b', limits(undefined, '64Mi'))];
  expect(amounts({ containers })).toEqual({ cpuShares: 2, memoryLimitBytes: 128 * mebi });
  expect(amounts({ containers: containers.slice(0, 1), initContainers: [container('init')] })).toEqual({ cpuShares: 2 });
  expect(amounts({ containers: [container('a')] })).toEqual({ cpuShares: 2 });
});

test('init containers count by their peak, sidecars for good, and limits of the pod itself over those of its containers', () => {
  const containers = [container('a', limits('500m', '64Mi'))];
  const sidecar = { ...container('side', limits('100m', '16Mi')), restartPolicy: 'Always' };
  const init = container('init', limits('2', '32Mi'));
  expect(amounts({ containers, initContainers: [sidecar, init] })).toMatchObject({ cpuQuotaMicros: 210_000, memoryLimitBytes: 80 * mebi });
  const resources = limits('1', '1Gi');
  expect(amounts({ containers: [container('a')], resources })).toMatchObject({ cpuQuotaMicros: 100_000, memoryLimitBytes: 1024 * mebi });
});

test('a quota is never less than a millisecond, and exact', () => {
  const quota = (cpu: string) => containerResources(container('a', limits(cpu)), podOf('app'), mebi).cpuQuotaMicros;
  expect(['1m', '290m', '570m', '1100m'].map(quota)).toEqual([1_000, 29_000, 57_000, 110_000]);
  expect(amounts({ containers: [container('a', limits('1m', '64Mi'))] }).cpuQuotaMicros).toBe(1_000);
});
