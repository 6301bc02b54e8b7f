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

test('a container without a limit has the pod’s own, and one with a limit keeps it', () => {
  const pod = podOf('app', { resources: limits('200m', '32Mi') });
  const given = (one: Container) => containerResources(one, pod, 1024 * mebi);
  expect(given(container('a'))).toMatchObject({ cpuQuotaMicros: 20_000, cpuShares: 204, memoryLimitBytes: 32 * mebi });
  expect(given(container('a', limits('100m', '16Mi')))).toMatchObject({ cpuQuotaMicros: 10_000, memoryLimitBytes: 16 * mebi });
  expect(given(container('a', limits('0', '0')))).toMatchObject({ cpuQuotaMicros: 20_000, memoryLimitBytes: 32 * mebi });
});

test('a request of no cpu is one, also beside a limit', () => {
  expect(containerResources(container('a', { requests: { cpu: '0' }, ...limits('1') }), podOf('app'), mebi).cpuShares).toBe(2);
  expect(containerResources(container('a', limits('1')), podOf('app'), mebi).cpuShares).toBe(1024);
});

test('who is killed first when memory runs out: by quality of service, then by what was requested', () => {
  const score = (one: Container, spec: Partial<Pod['spec']> = {}) =>
    containerResources(one, podOf('app', { containers: [one], ...spec }), 1000 * mebi).oomScoreAdj;
  const asking = (memory: string) => container('a', { requests: { memory } });
  expect(score(container('a'))).toBe(1000);
  expect(score(container('a', { requests: { cpu: '1', memory: '1Mi' }, ...limits('1', '1Mi') }))).toBe(-997);
  expect([score(asking('100Mi')), score(asking('1Ki')), score(asking('1000Mi'))]).toEqual([900, 999, 3]);
  // What the pod requests beyond its containers is theirs in equal parts.
  const two = { containers: [asking('100Mi'), container('b')], resources: { requests: { memory: '300Mi' } } };
  expect([score(asking('100Mi'), two), score(container('b'), two)]).toEqual([800, 900]);
  expect(score(container('a'), { resources: { requests: { cpu: '1', memory: '1Mi' }, ...limits('1', '1Mi') } })).toBe(-997);
  const sidecar = { ...container('side'), restartPolicy: 'Always' };
  expect(score(sidecar, { containers: [asking('100Mi')], initContainers: [sidecar] })).toBe(900);
  expect(score(container('a'), { priority: 2_000_001_000, priorityClassName: 'system-node-critical' })).toBe(-997);
});
