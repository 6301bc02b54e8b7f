import type { KubeObject } from '@berth/machinery';
import { describe, expect, test } from 'vitest';
import type { PodSpec, ResourceQuota } from '../generated/core-v1.types.ts';
import { isInScope } from './scopes.ts';
import { totalUsage } from './total.ts';
import { isQuotaNameOf, quotaUsage } from './usage.ts';

const pods = { group: '', plural: 'pods' };
const object = (rest: object): KubeObject => ({ apiVersion: 'v1', kind: 'Any', metadata: { name: 'a', namespace: 'team' }, ...rest });
const container = (requests: Record<string, string>, limits: Record<string, string> = {}) => ({
  name: 'a',
  resources: { requests, limits },
});
const podWith = (spec: Partial<PodSpec>, status: object = {}) => object({ spec: { containers: [{ name: 'a' }], ...spec }, status });
const used = (plural: string, given: KubeObject, group = '') =>
  Object.fromEntries([...quotaUsage({ group, plural }, given)].map(([name, amount]) => [name, amount.toString()]));

describe('usage', () => {
  test('a pod counts with all its containers, init containers by their peak, and its overhead', () => {
    const pod = podWith({
      containers: [
        container({ cpu: '100m', 'example.com/gpu': '2' }, { cpu: '1', memory: '1Gi' }),
        container({ cpu: '200m' }),
      ] as PodSpec['containers'],
      initContainers: [container({ cpu: '500m' })] as PodSpec['containers'],
      overhead: { cpu: '50m' },
    });
    expect(used('pods', pod)).toEqual({
      'count/pods': '1',
      pods: '1',
      cpu: '550m',
      'requests.cpu': '550m',
      'requests.example.com/gpu': '2',
      'limits.cpu': '1050m',
      'limits.memory': '1Gi',
    });
    expect(used('pods', podWith({}, { phase: 'Succeeded' }))).toEqual({ 'count/pods': '1' });
  });

  test('claims count by class, services by what they open, others by number', () => {
    const claim = object({ spec: { storageClassName: 'fast', resources: { requests: { storage: '2Gi' } } } });
    expect(used('persistentvolumeclaims', claim)).toEqual({
      'count/persistentvolumeclaims': '1',
      persistentvolumeclaims: '1',
      'requests.storage': '2Gi',
      'fast.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
      'fast.storageclass.storage.k8s.io/requests.storage': '2Gi',
    });
    const balanced = object({ spec: { type: 'LoadBalancer', ports: [{ port: 1 }, { port: 2 }] } });
    expect(used('services', balanced)).toMatchObject({ services: '1', 'services.loadbalancers': '1', 'services.nodeports': '2' });
    expect(used('deployments', object({}), 'apps')).toEqual({ 'count/deployments.apps': '1' });
    const gpus = (more: object) => ({ deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 2, ...more });
    const firstAvailable = [
      gpus({ count: 3 }),
      gpus({ count: 1 }),
      gpus({ deviceClassName: 'fpga', allocationMode: 'All', count: undefined }),
    ];
    const devices = object({ spec: { devices: { requests: [{ exactly: gpus({}) }, { firstAvailable }] } } });
    expect(used('resourceclaims', devices, 'resource.k8s.io')).toEqual({
      'count/resourceclaims.resource.k8s.io': '1',
      'gpu.deviceclass.resource.k8s.io/devices': '5',
      'fpga.deviceclass.resource.k8s.io/devices': '32',
    });
    expect(isQuotaNameOf({ group: 'resource.k8s.io', plural: 'resourceclaims' }, 'gpu.deviceclass.resource.k8s.io/devices')).toBe(true);
    expect(isQuotaNameOf({ group: 'apps', plural: 'deployments' }, 'count/deployments.apps')).toBe(true);
    expect(isQuotaNameOf(pods, 'fast.storageclass.storage.k8s.io/requests.storage')).toBe(false);
  });
});

describe('scopes', () => {
  const scoped = (...scopes: string[]) => object({ spec: { scopes } }) as ResourceQuota;
  test.each<[string, Partial<PodSpec>, boolean]>([
    ['BestEffort', {}, true],
    ['BestEffort', { containers: [container({ cpu: '1' })] as PodSpec['containers'] }, false],
    ['Terminating', { activeDeadlineSeconds: 5 }, true],
    ['NotTerminating', { activeDeadlineSeconds: 5 }, false],
    ['PriorityClass', { priorityClassName: 'high' }, true],
    [
      'CrossNamespacePodAffinity',
      { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', namespaces: ['other'] }] } } },
      true,
    ],
    ['CrossNamespacePodAffinity', {}, false],
  ])('%s of %j: %s', (scope, spec, expected) => {
    expect(isInScope(scoped(scope), pods, podWith(spec))).toBe(expected);
  });

  test('a scope of pods leaves everything else out', () => {
    expect(isInScope(scoped('NotTerminating'), { group: '', plural: 'services' }, object({ spec: {} }))).toBe(false);
  });

  test('a total counts what the quota names, within its scopes', () => {
    const quota = object({ spec: { hard: { pods: '9', 'requests.cpu': '9' }, scopes: ['NotBestEffort'] } }) as ResourceQuota;
    const found = [podWith({}), podWith({ containers: [container({ cpu: '250m' })] as PodSpec['containers'] })];
    expect(totalUsage(quota, [pods], () => found, 0)).toEqual({ pods: '1', 'requests.cpu': '250m' });
  });

  test('a pod counts until its grace period is over twice, whether it is there or not', () => {
    const quota = object({ spec: { hard: { pods: '9' } } }) as ResourceQuota;
    const pod = podWith({});
    pod.metadata = { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 };
    const usedAt = (time: string) => totalUsage(quota, [pods], () => [pod], Date.parse(time)).pods;
    expect([usedAt('2026-01-01T00:01:00Z'), usedAt('2026-01-01T00:01:01Z')]).toEqual(['1', '0']);
  });
});
