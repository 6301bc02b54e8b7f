import type { KindDefinition, KubeObject } from '@berth/machinery';
import { expect, it } from 'vitest';
import { kinds } from '../index.ts';
import { sampleOf } from '../testing.ts';

function wrong(name: string, status: object, before: object = {}): string[] {
  const kind = kinds.find((one) => one.kind === name) as KindDefinition;
  const observed = (given: object): KubeObject => Object.assign(structuredClone(sampleOf(kind)), { status: given });
  return kind.validateStatusUpdate(observed(status), observed(before)).map(({ field, value, detail }) => `${field} ${value}: ${detail}`);
}

it('refuses counts below zero, parts of more than the whole, and forgotten collisions, as Kubernetes does', () => {
  expect(wrong('Deployment', { readyReplicas: 600, terminatingReplicas: -1, collisionCount: 2 }, { collisionCount: 3 })).toEqual([
    'status.terminatingReplicas -1: must be greater than or equal to 0',
    'status.readyReplicas 600: cannot be greater than status.replicas',
    'status.collisionCount 2: cannot be decremented',
  ]);
  expect(wrong('Deployment', { replicas: 3, readyReplicas: 3, availableReplicas: 3 }, { collisionCount: 3 })).toEqual([
    'status.collisionCount 0: cannot be decremented',
  ]);
  // Where none were counted, any number is no less.
  expect(wrong('DaemonSet', { collisionCount: -1 })).toEqual(['status.collisionCount -1: must be greater than or equal to 0']);
  expect(wrong('ReplicaSet', { replicas: 443, availableReplicas: 3, terminatingReplicas: 2147483647 })).toEqual([
    'status.availableReplicas 3: cannot be greater than readyReplicas',
  ]);
  expect(wrong('ReplicationController', { replicas: -1 })).toEqual([
    'status.replicas -1: must be greater than or equal to 0',
    'status.fullyLabeledReplicas 0: cannot be greater than status.replicas',
    'status.readyReplicas 0: cannot be greater than status.replicas',
    'status.availableReplicas 0: cannot be greater than status.replicas',
  ]);
  expect(wrong('StatefulSet', { replicas: 1, readyReplicas: 0, availableReplicas: 1 })).toEqual([
    'status.availableReplicas 1: cannot be greater than status.readyReplicas',
  ]);
  expect(wrong('DaemonSet', { currentNumberScheduled: -1, numberReady: 5 })).toEqual([
    'status.currentNumberScheduled -1: must be greater than or equal to 0',
  ]);
});
