// Claims to devices: what keeps a pod from every node, and from some.
import type { ResourceClaim } from '@berth/api';
import { expect, test } from 'vitest';
import { decide, refusal, testNode, testPod, testSnapshot } from '../test-cluster.ts';

const named = { spec: { resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu' }] } };
const generated = { spec: { resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'gpu' }] } };
const unresolvable = (reason: string) => `0/2 nodes are available: ${reason}.`;

function claim(parts: Partial<ResourceClaim> = {}, metadata: object = {}): ResourceClaim {
  const requests = [{ name: 'a', exactly: { deviceClassName: 'gpu' } }];
  return {
    ...{ apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim', spec: { devices: { requests } } },
    metadata: { name: 'gpu', namespace: 'default', ...metadata },
    ...parts,
  };
}

function cluster() {
  const snapshot = testSnapshot(testNode('a'), testNode('b', { labels: { gpu: 'yes' } }));
  return { snapshot, devices: snapshot.devices };
}

test('a claim must be there, with its classes, and allocated', () => {
  const { snapshot, devices } = cluster();
  const pod = testPod('p', named);
  expect(refusal(pod, snapshot)).toBe(unresolvable('could not find ResourceClaim "default/gpu"'));
  expect(decide(pod, snapshot).rejectedBy).toEqual(['DynamicResources']);
  devices.setClaim(claim());
  expect(refusal(pod, snapshot)).toBe(unresolvable('request a: device class gpu does not exist'));
  devices.addClass('gpu');
  expect(refusal(pod, snapshot)).toBe(unresolvable('2 cannot allocate all claims'));
  devices.setClaim(claim({ status: { allocation: {} } }));
  expect(decide(pod, snapshot).nodeName).toBe('a');
  devices.setClaim(claim({}, { deletionTimestamp: '2030-01-01T00:00:00Z' }));
  expect(refusal(pod, snapshot)).toBe(unresolvable('resourceclaim "gpu" is being deleted'));
  devices.removeClaim('default/gpu');
  expect(refusal(pod, snapshot)).toContain('could not find');
});

test('an alternative needs its class as well', () => {
  const { snapshot, devices } = cluster();
  devices.addClass('gpu');
  const firstAvailable = [
    { name: 'x', deviceClassName: 'gpu' },
    { name: 'y', deviceClassName: 'fpga' },
  ];
  devices.setClaim(claim({ spec: { devices: { requests: [{ name: 'a', firstAvailable }] } } }));
  expect(refusal(testPod('p', named), snapshot)).toBe(unresolvable('request a/y: device class fpga does not exist'));
});

test('what was allocated is reached from some nodes', () => {
  const { snapshot, devices } = cluster();
  const nodeSelector = { nodeSelectorTerms: [{ matchExpressions: [{ key: 'gpu', operator: 'Exists' }] }] };
  devices.setClaim(claim({ status: { allocation: { nodeSelector } } }));
  const decision = decide(testPod('p', named), snapshot);
  expect([decision.nodeName, ...decision.reasons]).toEqual(['b', ['resourceclaim not available on the node', 1]]);
});

test('a claim from a template is made first, for this pod and no other', () => {
  const { snapshot, devices } = cluster();
  const pod = testPod('p', generated);
  expect(refusal(pod, snapshot)).toBe(unresolvable('pod "default/p": ResourceClaim not created yet'));
  const made = { ...pod, status: { resourceClaimStatuses: [{ name: 'gpu', resourceClaimName: 'gpu' }] } };
  devices.setClaim(claim({ status: { allocation: {} } }));
  expect(refusal(made, snapshot)).toBe(unresolvable('ResourceClaim default/gpu was not created for pod default/p (pod is not owner)'));
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'uid-default-p', controller: true };
  devices.setClaim(claim({ status: { allocation: {} } }, { ownerReferences: [owner] }));
  expect(decide(made, snapshot).nodeName).toBe('a');
  const unneeded = { ...pod, status: { resourceClaimStatuses: [{ name: 'gpu' }] } };
  expect(decide(unneeded, snapshot).nodeName).toBe('a');
});
