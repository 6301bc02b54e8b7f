import type { PersistentVolumeClaim, Pod } from '@berth/api';
import type { DesiredState } from '@berth/protocol';
import { expect, test } from 'vitest';
import type { AccountTokens } from '../volumes/account-tokens.ts';
import { Allocations } from './allocations.ts';
import { DesiredCache } from './desired-cache.ts';
import { podSources } from './pod-sources.ts';
import { podOf } from './testing.ts';

const allocatable = { cpuCores: 2, memoryBytes: 2 ** 30, storageBytes: 2 ** 34 };

/** A node that took these pods in this order. */
function nodeWith(accessMode: string, ...pods: Pod[]) {
  const claim: PersistentVolumeClaim = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'default', resourceVersion: '1' } },
    spec: { accessModes: [accessMode] },
  };
  const desired = new DesiredCache();
  desired.apply({ revision: 1, full: true, objects: [claim], removed: [] } as DesiredState);
  const allocations = new Allocations(allocatable, { now: () => 0 }, () => undefined);
  for (const pod of pods) allocations.add(pod);
  const { volumes } = podSources(desired, {
    ...{ hostIp: '10.0.0.1', allocatable, network: { clusterDomain: 'cluster.local' }, tokens: {} as AccountTokens },
    ...{ volumesChanged: () => undefined, claimExpanded: () => undefined, event: () => undefined },
    earlier: ({ metadata }) => allocations.before(metadata.uid ?? ''),
  });
  return { allocations, claimOf: (pod: Pod) => volumes(pod, []).claim('data')?.metadata.name };
}

const user = (name: string, status: Pod['status'] = {}): Pod => ({
  ...podOf('app', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] }, name),
  status,
});

const containerStatus = { name: 'main', image: 'app', imageID: '', ready: true, restartCount: 0 };

test('a claim for one pod is the first one’s until that has ended, and never taken from one that runs with it', () => {
  const [first, second] = [user('first'), user('second')];
  const refused = 'volume uses the ReadWriteOncePod access mode and is already in use by another pod';
  const { allocations, claimOf } = nodeWith('ReadWriteOncePod', podOf('app'), first, second);
  expect(claimOf(first)).toBe('data');
  expect(() => claimOf(second)).toThrow(refused);
  expect(claimOf(user('second', { containerStatuses: [{ ...containerStatus, state: { running: {} } }] }))).toBe('data');
  allocations.release('uid-first');
  expect(claimOf(second)).toBe('data');
  expect(nodeWith('ReadWriteOnce', first, second).claimOf(second)).toBe('data');
  const ended = nodeWith('ReadWriteOncePod', user('first', { phase: 'Succeeded' }), second);
  expect(ended.claimOf(second)).toBe('data');
});
