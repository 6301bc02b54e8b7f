// What the real kubectl shows of the controllers: rollouts and their history, scaling, and what goes with what. Nodes are
// played by a loop that makes every pod ready.
import { Pod } from '@berth/api';
import { componentUsers } from '@berth/apiserver/core';
import { isReason } from '@berth/machinery';
import { systemClock, timestamp } from '@berth/telemetry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KubectlCluster } from './kubectl-cluster.ts';

let cluster: KubectlCluster;
const stopping = new AbortController();
let nodes: Promise<void>;

beforeAll(async () => {
  cluster = await KubectlCluster.start(['api', 'controllers']);
  nodes = playNodes();
});

afterAll(async () => {
  stopping.abort();
  await nodes;
  await cluster?.stop();
});

async function playNodes(): Promise<void> {
  const client = cluster.controlPlane.api.localClient(componentUsers.apiServer);
  for await (const event of client.watch(Pod, { signal: stopping.signal })) {
    if (event.type !== 'ADDED') continue;
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: timestamp(systemClock) }];
    const status = { phase: 'Running', podIP: '10.244.1.1', podIPs: [{ ip: '10.244.1.1' }], conditions };
    // A pod may be gone before it was ready.
    await client.patch(Pod, event.object.metadata, 'merge', { status }, { subresource: 'status' }).catch((error: unknown) => {
      if (!isReason(error, 'NotFound')) throw error;
    });
  }
}

async function kubectl(...args: string[]): Promise<string> {
  const { stdout, stderr, code } = await cluster.run(args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: expect.any(String) });
  return stdout;
}

test('rollout status, history and undo', { timeout: 60_000 }, async () => {
  await kubectl('create', 'deployment', 'web', '--image=web:1', '--replicas=3');
  expect(await kubectl('rollout', 'status', 'deployment/web', '--timeout=20s')).toContain('successfully rolled out');
  await kubectl('set', 'image', 'deployment/web', 'web=web:2');
  await kubectl('annotate', 'deployment/web', 'kubernetes.io/change-cause=two');
  expect(await kubectl('rollout', 'status', 'deployment/web', '--timeout=20s')).toContain('successfully rolled out');
  expect(await kubectl('rollout', 'history', 'deployment/web')).toMatch(/1 +<none>\n2 +two/);
  await kubectl('rollout', 'undo', 'deployment/web');
  await kubectl('rollout', 'status', 'deployment/web', '--timeout=20s');
  expect(await kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.spec.template.spec.containers[0].image}')).toBe('web:1');
  expect(await kubectl('rollout', 'history', 'deployment/web')).toMatch(/2 +two\n3 +/);
  await kubectl('rollout', 'restart', 'deployment/web');
  expect(await kubectl('rollout', 'status', 'deployment/web', '--timeout=20s')).toContain('successfully rolled out');
});

test('scaling, waiting and describing', { timeout: 60_000 }, async () => {
  await kubectl('create', 'deployment', 'big', '--image=big:1');
  await kubectl('scale', 'deployment/big', '--replicas=100');
  await kubectl('wait', '--for=jsonpath={.status.readyReplicas}=100', 'deployment/big', '--timeout=20s');
  const described = await kubectl('describe', 'deployment', 'big');
  expect(described).toMatch(/Replicas: +100 desired \| 100 updated \| 100 total \| 100 available \| 0 unavailable/);
  expect(described).toMatch(/Progressing +True +NewReplicaSetAvailable/);
  expect(described).toMatch(/ScalingReplicaSet.*Scaled up replica set big-\w+ from 1 to 100/);
  await kubectl('delete', 'deployment', 'big', '--cascade=foreground', '--timeout=20s');
  expect(await kubectl('get', 'pods,replicasets', '-l', 'app=big', '-o', 'name')).toBe('');
});

test('a service has endpoints, and a namespace takes everything with it', { timeout: 60_000 }, async () => {
  await kubectl('create', 'namespace', 'shop');
  await kubectl('-n', 'shop', 'create', 'deployment', 'web', '--image=web:1', '--port=8080');
  await kubectl('-n', 'shop', 'expose', 'deployment', 'web', '--port=80', '--target-port=8080');
  await kubectl('-n', 'shop', 'wait', '--for=jsonpath={.subsets[0].addresses[0].ip}=10.244.1.1', 'endpoints/web', '--timeout=20s');
  expect(await kubectl('-n', 'shop', 'describe', 'service', 'web')).toMatch(/Endpoints: +10\.244\.1\.1:8080/);
  expect(await kubectl('-n', 'shop', 'get', 'configmap', 'kube-root-ca.crt', '-o', 'jsonpath={.data.ca\\.crt}')).toContain(
    'BEGIN CERTIFICATE',
  );
  await kubectl('delete', 'namespace', 'shop', '--timeout=20s');
  expect(await kubectl('get', 'namespaces', '-o', 'name')).not.toContain('shop');
});
