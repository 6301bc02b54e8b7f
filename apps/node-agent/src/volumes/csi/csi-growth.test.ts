import type { PersistentVolume, PersistentVolumeClaim } from '@berth/api';
import { expect, test } from 'vitest';
import { growthOf } from './csi-growth.ts';

const volume: PersistentVolume = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'pv' },
  spec: { capacity: { storage: '3Gi' } },
};

test.each([
  ['as large as its volume', { capacity: { storage: '3Gi' } }, undefined],
  ['smaller than its volume', { capacity: { storage: '1024Mi' } }, '3Gi'],
  ['not bound yet', {}, undefined],
  [
    'the resizer’s still',
    {
      capacity: { storage: '1Gi' },
      allocatedResources: { storage: '3Gi' },
      allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
    },
    undefined,
  ],
  [
    'the node’s',
    { capacity: { storage: '1Gi' }, allocatedResources: { storage: '2Gi' }, allocatedResourceStatuses: { storage: 'NodeResizePending' } },
    '2Gi',
  ],
  ['the node’s, which has begun', { capacity: { storage: '1Gi' }, allocatedResourceStatuses: { storage: 'NodeResizeInProgress' } }, '3Gi'],
  [
    'refused',
    {
      capacity: { storage: '1Gi' },
      allocatedResources: { storage: '3Gi' },
      allocatedResourceStatuses: { storage: 'NodeResizeInfeasible' },
    },
    undefined,
  ],
])('of a claim that is %s', (_what, status, storage) => {
  const claim: PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', uid: 'u' },
    spec: {},
    status,
  };
  expect(growthOf(claim, volume)?.storage).toBe(storage);
});

test.each([
  [['ReadWriteMany'], {}, true],
  [['ReadOnlyMany', 'ReadWriteMany'], { other: '' }, true],
  [['ReadWriteMany'], { 'volume.kubernetes.io/node-expansion-not-required': 'yes' }, undefined],
  [['ReadWriteOnce'], {}, undefined],
  [undefined, {}, undefined],
])('of a claim that has its size already, with access modes %j and annotations %j', (accessModes, annotations, isElsewhere) => {
  const claim: PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', uid: 'u', annotations },
    spec: { ...(accessModes && { accessModes }) },
    status: { capacity: { storage: '3Gi' } },
  };
  expect(growthOf(claim, volume)?.isElsewhere).toBe(isElsewhere);
});
