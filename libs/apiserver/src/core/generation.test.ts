// metadata.generation by kind: which kinds count, from when, and what a change is. The table is read off the strategies of
// Kubernetes' kinds (k8s.io/kubernetes 1.35.4, pkg/registry/**/strategy.go).
import { kinds, Node, Pod } from '@berth/api';
import { sampleOf } from '@berth/api/testing';
import type { KindDefinition } from '@berth/machinery';
import { expect, test } from 'vitest';
import { admin, callFor, pod, startTestServer } from './test-server.ts';
import type { Call } from './types.ts';

/** They have generation 1 as they are made. CSIDriver counts from its first change on; all others never do. */
const counting = [
  ...['MutatingWebhookConfiguration'],
  ...['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding', 'ValidatingWebhookConfiguration'],
  ...['DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet', 'ReplicationController', 'Pod', 'PodTemplate', 'CronJob', 'Job'],
  ...['EndpointSlice', 'FlowSchema', 'PriorityLevelConfiguration', 'Ingress', 'IngressClass', 'NetworkPolicy'],
  ...['PodDisruptionBudget', 'PriorityClass', 'CustomResourceDefinition', 'DeviceClass', 'ResourceSlice'],
];

async function made(kind: KindDefinition) {
  const { server } = await startTestServer();
  const sample = sampleOf(kind);
  const call: Call = { user: admin, kind, ...(kind.namespaced && { namespace: sample.metadata.namespace }) };
  const { object } = await server.create(call, sample);
  return { server, call: { ...call, name: sample.metadata.name }, generation: object.metadata.generation };
}

test.each(kinds.map((kind) => [kind.kind, kind] as const))('%s: generation at first, and after a change of metadata', async (_, kind) => {
  const { server, call, generation } = await made(kind);
  const first = counting.includes(kind.kind) ? 1 : undefined;
  expect(generation).toBe(first);
  const labelled = await server.patch(call, 'merge', { metadata: { labels: { changed: 'yes' } } });
  expect(labelled.object.metadata.generation).toBe(kind.kind === 'EndpointSlice' ? 2 : first);
  const before = labelled.object.metadata.generation;
  const annotated = await server.patch(call, 'merge', { metadata: { annotations: { changed: 'yes' } } });
  expect(annotated.object.metadata.generation).toBe(kind.kind === 'Deployment' ? 2 : before);
  await server.stop();
});

test('every change of a pod’s spec is a new generation, but that it gets its node is none', async () => {
  const { server, client } = await startTestServer();
  const { metadata } = await client.create(Pod, pod('web', { nodeName: 'n1' }));
  expect(metadata.generation).toBe(1);
  const patch = async (spec: object, subresource?: string) =>
    (await server.patch(callFor(Pod, 'default', 'web', subresource), 'strategic', { spec })).object.metadata.generation;
  expect(await patch({ containers: [{ name: 'main', image: 'registry.local/web:2' }] })).toBe(2);
  expect(await patch({ activeDeadlineSeconds: 60 })).toBe(3);
  expect(await patch({ tolerations: [{ key: 'a', operator: 'Exists' }] })).toBe(4);
  expect(await patch({ ephemeralContainers: [{ name: 'look', image: 'registry.local/tools:1' }] }, 'ephemeralcontainers')).toBe(5);
  expect(await patch({ ephemeralContainers: [{ name: 'look', image: 'registry.local/tools:1' }] }, 'ephemeralcontainers')).toBe(5);
  const waiting = await client.create(Pod, pod('waiting'));
  await client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n2' }, spec: {} });
  await client.createSubresource(Pod, { namespace: 'default', name: 'waiting' }, 'binding', {
    metadata: { name: 'waiting' },
    target: { kind: 'Node', name: 'n2' },
  });
  const bound = await client.get(Pod, { namespace: 'default', name: 'waiting' });
  expect([bound.spec.nodeName, bound.metadata.generation]).toEqual(['n2', waiting.metadata.generation]);
  const deleted = await client.delete(Pod, { namespace: 'default', name: 'web' });
  expect(deleted.metadata.generation).toBe(6);
  await server.stop();
});
