// A claim from YAML to a bound pod and back: scheduler and controllers agree on where its volume is, and nothing of it is
// left but what the node has to clean up.
import { Node, PersistentVolume } from '@berth/api';
import { componentUsers } from '@berth/apiserver/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KubectlCluster } from './kubectl-cluster.ts';

let cluster: KubectlCluster;
beforeAll(async () => {
  cluster = await KubectlCluster.start(['api', 'controllers', 'scheduler']);
});
afterAll(async () => {
  await cluster?.stop();
});

const manifest = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec:
  accessModes: [ReadWriteOnce]
  resources: { requests: { storage: 1Gi } }
---
apiVersion: v1
kind: Pod
metadata: { name: db }
spec:
  containers:
    - { name: main, image: db:1, volumeMounts: [{ name: data, mountPath: /data }] }
  volumes:
    - { name: data, persistentVolumeClaim: { claimName: data } }
`;

async function kubectl(...args: string[]): Promise<string> {
  const { stdout, stderr, code } = await cluster.run(args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: expect.any(String) });
  return stdout;
}

async function addNode(name: string): Promise<void> {
  const client = cluster.controlPlane.api.localClient(componentUsers.apiServer);
  const labels = { 'kubernetes.io/hostname': name };
  const annotations = { 'berth.io/volumes-directory': '/var/lib/berth/volumes' };
  await client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels, annotations }, spec: {} });
  const resources = { cpu: '4', memory: '8Gi', pods: '110' };
  const status = { capacity: resources, allocatable: resources, conditions: [{ type: 'Ready', status: 'True' }] };
  await client.patch(Node, { name }, 'merge', { status }, { subresource: 'status' });
}

test('a claim gets its volume on the node that its pod is given, and both go together', { timeout: 60_000 }, async () => {
  await kubectl('apply', '-f', await cluster.file('db.yaml', manifest));
  await kubectl('wait', '--for=jsonpath={.status.phase}=Pending', 'pvc/data', '--timeout=10s');
  await addNode('n1');
  await kubectl('wait', '--for=condition=PodScheduled', 'pod/db', '--timeout=20s');
  expect(await kubectl('get', 'pod', 'db', '-o', 'jsonpath={.spec.nodeName}')).toBe('n1');
  expect(await kubectl('get', 'pvc', 'data')).toMatch(/data +Bound +pvc-[-0-9a-f]+ +1Gi +RWO +local/);
  expect(await kubectl('describe', 'pvc', 'data')).toMatch(/waiting for first consumer to be created before binding/);
  const path = await kubectl('get', 'pv', '-o', 'jsonpath={.items[0].spec.local.path}');
  expect(path).toMatch(/^\/var\/lib\/berth\/volumes\/pvc-[-0-9a-f]+_default_data$/);

  await kubectl('delete', 'pvc', 'data', '--wait=false');
  expect(await kubectl('get', 'pvc', 'data')).toMatch(/data +Terminating/);
  await kubectl('delete', 'pod', 'db', '--force', '--timeout=10s');
  await kubectl('wait', '--for=delete', 'pvc/data', '--timeout=10s');
  await kubectl('wait', '--for=jsonpath={.metadata.finalizers[0]}=berth.io/local-volume', 'pv', '--all', '--timeout=10s');
  // What the node's agent does once the directory is gone.
  const client = cluster.controlPlane.api.localClient(componentUsers.apiServer);
  const [volume] = (await client.list(PersistentVolume)).items;
  expect(volume?.metadata.deletionTimestamp).toBeDefined();
  await client.patch(PersistentVolume, { name: volume?.metadata.name ?? '' }, 'merge', { metadata: { finalizers: null } });
  expect(await kubectl('get', 'pv', '-o', 'name')).toBe('');
});
