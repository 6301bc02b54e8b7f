// The claims of ephemeral volumes: made for their pod as the template says, never taken from somebody else.
import { PersistentVolumeClaim, type Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { planEphemeralVolumes } from './ephemeral.ts';

const pod = {
  metadata: { name: 'web', namespace: 'ns', uid: 'uid-1' },
  spec: {
    containers: [],
    volumes: [
      {
        name: 'cache',
        ephemeral: {
          volumeClaimTemplate: { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } }, spec: { storageClassName: 'fast' } },
        },
      },
      { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
    ],
  },
} as unknown as Pod;
const owner = { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'uid-1', controller: true, blockOwnerDeletion: true };
const made = (uid: string) =>
  ({
    metadata: { name: 'web-cache', namespace: 'ns', ownerReferences: [{ ...owner, uid }] },
    spec: {},
  }) as unknown as PersistentVolumeClaim;

test('a claim is made by the name of pod and volume, owned by the pod', () => {
  expect(planEphemeralVolumes({ pod, claims: new Map() })).toEqual([
    {
      type: 'create',
      kind: PersistentVolumeClaim,
      object: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'web-cache', namespace: 'ns', labels: { a: 'b' }, annotations: { c: 'd' }, ownerReferences: [owner] },
        spec: { storageClassName: 'fast' },
      },
      onFailure: {
        about: pod,
        eventType: 'Warning',
        reason: 'FailedBinding',
        message: 'ephemeral volume cache: create PVC web-cache: {error}',
      },
    },
  ]);
});

test('one that is there is left alone', () => {
  expect(planEphemeralVolumes({ pod, claims: new Map([['web-cache', made('uid-1')]]) })).toEqual([]);
});

test("an earlier pod's, or somebody's own, is not taken", () => {
  const message = 'ephemeral volume cache: PVC ns/web-cache was not created for pod ns/web (pod is not owner)';
  expect(planEphemeralVolumes({ pod, claims: new Map([['web-cache', made('uid-0')]]) })).toEqual([
    { type: 'event', event: { about: pod, eventType: 'Warning', reason: 'FailedBinding', message } },
  ]);
});
