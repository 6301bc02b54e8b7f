// What a write to /status does to metadata, by kind: in Kubernetes each kind's status strategy says so. The table is read off them
// (k8s.io/kubernetes 1.35.4, pkg/registry/**/strategy.go).
import { CertificateSigningRequest, kinds, PersistentVolume, Pod, Service } from '@berth/api';
import { sampleOf } from '@berth/api/testing';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { expect, test } from 'vitest';
import { admin, callFor, pod, service, startTestServer, take } from './test-server.ts';
import type { Call, User } from './types.ts';

/** `metadata.ResetObjectMetaForStatus`, or the old metadata as a whole. */
const keepingAll = [
  'APIService',
  'FlowSchema',
  'PriorityLevelConfiguration',
  'ResourceClaim',
  'ServiceCIDR',
  'ValidatingAdmissionPolicy',
  'VolumeAttachment',
];
const parts = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const;
const given = {
  labels: { patched: 'yes' },
  annotations: { patched: 'yes' },
  finalizers: ['example.com/hold'],
  ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: 'e0e0e0e0-0000-4000-8000-000000000000' }],
};

function keptBy({ kind }: KindDefinition): readonly string[] {
  if (keepingAll.includes(kind)) return parts;
  return kind === 'Deployment' ? ['labels'] : kind === 'Pod' ? ['ownerReferences'] : [];
}

async function made(kind: KindDefinition) {
  const test = await startTestServer();
  const sample = sampleOf(kind);
  const call: Call = { user: admin, kind, ...(kind.namespaced && { namespace: sample.metadata.namespace }) };
  await test.server.create(call, sample);
  return { ...test, call: { ...call, name: sample.metadata.name } };
}

test.each(kinds.filter((kind) => kind.subresources.status).map((kind) => [kind.kind, kind] as const))(
  'a write to the status of a %s changes the metadata that its strategy does not keep',
  async (_, kind) => {
    const { server, call } = await made(kind);
    const before = (await server.get(call)).object.metadata;
    const write = (way: 'merge' | 'put' | 'apply') => {
      const status = { ...call, subresource: 'status' };
      if (way === 'merge') return server.patch(status, 'merge', { metadata: given });
      const body = { apiVersion: kind.group ? `${kind.group}/${kind.version}` : kind.version, kind: kind.kind };
      if (way === 'apply') return server.patch(status, 'apply', { ...body, metadata: given }, { fieldManager: 'me', force: true });
      return server.get(call).then(({ object }) => server.update(status, { ...object, metadata: { ...object.metadata, ...given } }));
    };
    for (const way of ['merge', 'put', 'apply'] as const) {
      const { metadata } = (await write(way)).object;
      for (const part of parts) {
        if (keptBy(kind).includes(part)) expect([way, part, metadata[part]]).toEqual([way, part, before[part]]);
        else expect([way, part, metadata[part]]).toMatchObject([way, part, given[part]]);
      }
      expect(metadata.generation).toBe(before.generation);
    }
    await server.stop();
  },
);

test('what is wrong with metadata is refused there as well', async () => {
  const { server, client } = await startTestServer();
  await client.create(Service, service('web'));
  const patch = { metadata: { labels: { 'not a label': 'x' } } };
  await expect(server.patch(callFor(Service, 'default', 'web', 'status'), 'merge', patch)).rejects.toMatchObject({
    code: 422,
    message: expect.stringContaining('metadata.labels: Invalid value: "not a label"'),
  });
  await server.stop();
});

test('a watch shows the annotation that a patch of the status brought', async () => {
  const { server, client } = await startTestServer();
  const balanced = { ...service('web').spec, type: 'LoadBalancer', loadBalancerClass: 'example.com/outside' };
  const { metadata } = await client.create(Service, { ...service('web'), spec: balanced });
  const handle = await server.watch(callFor(Service, 'default'), { resourceVersion: metadata.resourceVersion });
  const patch = { metadata: { annotations: { patchedstatus: 'true' } }, status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } } };
  await server.patch(callFor(Service, 'default', 'web', 'status'), 'merge', patch);
  const [seen] = await take(handle, 1);
  expect(seen?.object).toMatchObject({
    metadata: { annotations: { patchedstatus: 'true' } },
    status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } },
  });
  await server.stop();
});

test('a finalizer that is taken away through the status lets an object go', async () => {
  const { server, client } = await startTestServer();
  const call = callFor(Service, 'default', 'web', 'status');
  await client.create(Service, { ...service('web'), metadata: { ...service('web').metadata, finalizers: ['example.com/hold'] } });
  await client.delete(Service, { namespace: 'default', name: 'web' });
  await server.patch(call, 'merge', { metadata: { finalizers: [] } });
  await expect(client.get(Service, { namespace: 'default', name: 'web' })).rejects.toMatchObject({ code: 404 });
  await server.stop();
});

test('a pod’s class of service and observed generations outlive a status that leaves them out', async () => {
  const { server, client } = await startTestServer();
  await client.create(Pod, pod('web'));
  const status = callFor(Pod, 'default', 'web', 'status');
  const ready = (observedGeneration?: number) => ({ type: 'Ready', status: 'True', ...(observedGeneration && { observedGeneration }) });
  const write = (more: object) =>
    server.get(callFor(Pod, 'default', 'web')).then(({ object }) => server.update(status, { ...object, status: more }));
  await write({ phase: 'Running', observedGeneration: 1, conditions: [ready(1)] });
  const { object } = await write({ phase: 'Running', conditions: [ready(), { type: 'Initialized', status: 'True' }] });
  expect((object as Pod).status).toMatchObject({
    qosClass: 'BestEffort',
    observedGeneration: 1,
    conditions: [{ observedGeneration: 1 }, {}],
  });
  expect((object as Pod).status?.conditions?.[1]).not.toHaveProperty('observedGeneration');
  await server.stop();
});

test('a volume notes when its phase last changed', async () => {
  const { server, call } = await made(PersistentVolume as unknown as KindDefinition);
  const status = { ...call, subresource: 'status' };
  const read = (object: KubeObject) => (object as PersistentVolume).status;
  const first = read((await server.get(call)).object);
  expect(first).toMatchObject({ phase: 'Pending', lastPhaseTransitionTime: expect.stringMatching(/Z$/) });
  const early = '2020-01-01T00:00:00Z';
  expect(read((await server.patch(status, 'merge', { status: { phase: 'Available', lastPhaseTransitionTime: early } })).object)).toEqual({
    phase: 'Available',
    lastPhaseTransitionTime: early,
  });
  const bound = read((await server.patch(status, 'merge', { status: { phase: 'Bound' } })).object);
  expect(Date.parse(bound?.lastPhaseTransitionTime ?? '')).toBeGreaterThan(Date.parse(early));
  await server.stop();
});

test('a decision about a signing request stands when a status tells it otherwise, and its conditions have times', async () => {
  const { server, call } = await made(CertificateSigningRequest as unknown as KindDefinition);
  const approve = { metadata: { annotations: { a: 'b' } }, status: { conditions: [{ type: 'Approved', status: 'True', reason: 'Fine' }] } };
  const approved = (await server.patch({ ...call, subresource: 'approval' }, 'merge', approve)).object as CertificateSigningRequest;
  expect(approved).toMatchObject({ metadata: { annotations: { a: 'b' } } });
  const [decision] = approved.status?.conditions ?? [];
  expect(decision).toMatchObject({ lastUpdateTime: expect.any(String), lastTransitionTime: expect.any(String) });
  const other = [
    { type: 'Approved', status: 'True', reason: 'Other' },
    { type: 'Failed', status: 'True' },
  ];
  const { object } = await server.patch({ ...call, subresource: 'status' }, 'merge', { status: { conditions: other } });
  expect((object as CertificateSigningRequest).status?.conditions).toMatchObject([
    { type: 'Approved', reason: 'Fine' },
    { type: 'Failed', lastUpdateTime: expect.any(String) },
  ]);
  await server.stop();
});

test('a node changes neither labels of its pods nor those of its own that others trust, through their status', async () => {
  const { server, client } = await startTestServer();
  const user: User = { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] };
  const bound = await client.create(Pod, pod('web', { nodeName: 'n1' }));
  const status = { ...callFor(Pod, 'default', 'web', 'status'), user };
  await server.update(status, { ...bound, status: { phase: 'Running' } });
  await expect(server.patch(status, 'merge', { metadata: { labels: { app: 'db' } } })).rejects.toThrow(
    'node "n1" cannot update labels through pod status',
  );
  await server.stop();
});
