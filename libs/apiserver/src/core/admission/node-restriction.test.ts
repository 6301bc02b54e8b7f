import { kinds, Lease, Node, Pod, ResourceSlice } from '@berth/api';
import type { Client } from '@berth/client';
import { MemoryStore } from '@berth/store';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiServer } from '../api-server.ts';
import { admin, pod, testConfig } from '../test-server.ts';

let server: ApiServer;
let client: Client;
let node: Client;
beforeAll(async () => {
  // Whatever the authorizer lets a node do, the plugin narrows.
  const authorizer = { authorize: () => ({ allowed: true }), rulesFor: () => [] };
  const parts = { store: new MemoryStore(), kinds, clock: systemClock, random: seededRandom(1), logger: silentLogger };
  server = new ApiServer({ ...parts, config: testConfig, authorizer });
  await server.start();
  client = server.localClient(admin);
  node = server.localClient({ name: 'system:node:a', groups: ['system:nodes', 'system:authenticated'] });
  await client.create(Pod, pod('own', { nodeName: 'a' }));
  await client.create(Pod, pod('other', { nodeName: 'b' }));
});
afterAll(() => server.stop());

const nodeObject = (name: string, labels: Record<string, string> = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels },
  spec: {},
});
const lease = (namespace: string, name: string): Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { namespace, name },
  spec: {},
});

test('a node writes its own object, and no labels that others trust', async () => {
  await expect(node.create(Node, nodeObject('b'))).rejects.toThrow('nodes "b" is forbidden: node "a" is not allowed to modify node "b"');
  const trusted = { 'node-restriction.kubernetes.io/zone': 'x', 'app.kubernetes.io/name': 'y', 'kubernetes.io/os': 'linux', own: 'z' };
  await expect(node.create(Node, nodeObject('a', trusted))).rejects.toThrow(
    'node "a" is not allowed to set the following labels: app.kubernetes.io/name, node-restriction.kubernetes.io/zone',
  );
  await node.create(Node, nodeObject('a', { 'kubernetes.io/os': 'linux', own: 'z' }));
  await node.patch(Node, { name: 'a' }, 'merge', { status: { phase: 'Running' } }, { subresource: 'status' });
  await expect(node.patch(Node, { name: 'a' }, 'merge', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } })).rejects.toThrow(
    'node "a" is not allowed to modify taints',
  );
});

test('a node lists devices of its own', async () => {
  const slice = (name: string, nodeName: string): ResourceSlice => ({
    ...{ apiVersion: 'resource.k8s.io/v1', kind: 'ResourceSlice', metadata: { name } },
    spec: { driver: 'gpu.example.com', nodeName, pool: { name: 'p', generation: 1, resourceSliceCount: 1 } },
  });
  await expect(node.create(ResourceSlice, slice('b', 'b'))).rejects.toThrow(
    'resourceslices.resource.k8s.io "b" is forbidden: can only create ResourceSlice with the same NodeName as the requesting node',
  );
  await client.create(ResourceSlice, slice('b', 'b'));
  await expect(node.delete(ResourceSlice, { name: 'b' })).rejects.toThrow(
    'can only delete ResourceSlice with the same NodeName as the requesting node',
  );
  await node.create(ResourceSlice, slice('a', 'a'));
  await node.delete(ResourceSlice, { name: 'a' });
});

test('a node renews its own lease', async () => {
  await node.create(Lease, lease('kube-node-lease', 'a'));
  await expect(node.create(Lease, lease('kube-node-lease', 'b'))).rejects.toThrow(
    'can only access node lease with the same name as the requesting node',
  );
  await expect(node.create(Lease, lease('default', 'a'))).rejects.toThrow(
    'can only access leases in the "kube-node-lease" system namespace',
  );
});

test('a node reports on the pods that are bound to it, and makes none but mirrors', async () => {
  const status = { status: { message: 'seen' } };
  const key = (name: string) => ({ namespace: 'default', name });
  await node.patch(Pod, key('own'), 'merge', status, { subresource: 'status' });
  await expect(node.patch(Pod, key('other'), 'merge', status, { subresource: 'status' })).rejects.toThrow(
    'pods "other" is forbidden: node "a" can only update pod status for pods with spec.nodeName set to itself',
  );
  await expect(node.delete(Pod, key('other'))).rejects.toThrow('node "a" can only delete pods with spec.nodeName set to itself');
  await node.delete(Pod, key('own'));
  await expect(node.create(Pod, pod('new', { nodeName: 'a' }))).rejects.toThrow(
    'pod does not have "kubernetes.io/config.mirror" annotation, node "a" can only create mirror pods',
  );
  const mirror = pod('static', { nodeName: 'a' });
  mirror.metadata.annotations = { 'kubernetes.io/config.mirror': 'x' };
  mirror.metadata.ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: 'a', uid: 'u', controller: true }];
  const reading: Pod = { ...mirror, spec: { ...mirror.spec, volumes: [{ name: 's', secret: { secretName: 's' } }] } };
  await expect(node.create(Pod, reading)).rejects.toThrow('node "a" can not create pods that reference secrets');
  await node.create(Pod, mirror);
});
