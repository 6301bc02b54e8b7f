import { expect, test } from 'vitest';
import { actionsOf } from './actions/actions.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { mendableOf, nextActions } from './next-steps.ts';
import { types } from './resource-types.ts';

const object = (name: string, owner?: { kind: string; name: string }): KubernetesObject => ({
  metadata: {
    namespace: 'shop',
    name,
    ...(owner && { ownerReferences: [{ apiVersion: 'apps/v1', uid: 'x', controller: true, ...owner }] }),
  },
});
const pod = (name: string, owner?: { kind: string; name: string }) => ({ kind: 'Pod' as const, namespace: 'shop', name, owner });
const deployment = { ...object('web'), spec: { replicas: 1 } };

test('what is wrong with a pod is mended in the workload that it belongs to', () => {
  const objects = {
    Pod: [object('web-5d-1', { kind: 'ReplicaSet', name: 'web-5d' }), object('db-0', { kind: 'StatefulSet', name: 'db' }), object('alone')],
    Deployment: [deployment],
    StatefulSet: [object('db')],
  };
  const workload = (name: string) => mendableOf(pod(name), objects).workload?.object.metadata.name;
  expect(['web-5d-1', 'db-0', 'alone'].map(workload)).toEqual(['web', 'db', undefined]);
  expect(mendableOf(pod('gone'), objects)).toEqual({ object: undefined, workload: undefined });
});

test('buttons of two objects say which one they are about', () => {
  const ofWorkload = actionsOf(types.Deployment, deployment);
  const ofPod = actionsOf(types.Pod, object('web-5d-1'));
  expect(nextActions(ofWorkload, ofPod, false).map(({ label }) => label)).toEqual(['Restart deployment', 'Delete pod']);
  expect(nextActions(ofWorkload, ofWorkload, true).map(({ label }) => label)).toEqual(['Restart', 'Scale']);
});
