// A pod that a node runs by itself, and its mirror in a whole cluster: seen, deleted by hand, and kept while the control plane is away.
import { Pod } from '@berth/api';
import { isReason } from '@berth/machinery';
import { afterEach, expect, test } from 'vitest';
import { podFromManifest } from '../../apps/node-agent/src/static-pods/manifest.ts';
import { SimulatedCluster } from './simulated-cluster.ts';

const key = { namespace: 'default', name: 'proxy-node-0' };
let cluster: SimulatedCluster;

afterEach(() => {
  for (const node of cluster.nodes) node.crashAgent();
  cluster.crashControlPlane();
});

async function mirror(): Promise<Pod | undefined> {
  const found = cluster.client()?.get(Pod, key);
  const noted = found?.then(
    (pod) => [pod],
    (error: unknown) => (isReason(error, 'NotFound') ? [] : Promise.reject(error)),
  );
  let pods: Pod[] | undefined;
  void noted?.then((answer) => {
    pods = answer;
  });
  await cluster.clock.runUntil(() => pods !== undefined, 60_000);
  return pods?.[0];
}

async function readyMirror(other?: string): Promise<Pod> {
  for (let second = 0; second < 120; second++) {
    const pod = await mirror();
    const isReady = pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    if (pod && isReady && pod.metadata.uid !== other) return pod;
    await cluster.clock.advance(1_000);
  }
  throw new Error('within two minutes there was no mirror that is ready');
}

test('a static pod is shown by a mirror, which comes again when it is deleted; its container is never touched', async () => {
  cluster = new SimulatedCluster(1, 2);
  await cluster.start();
  const text = 'apiVersion: v1\nkind: Pod\nmetadata: { name: proxy }\nspec: { containers: [{ name: main, image: "web:1" }] }';
  const pod = podFromManifest({ path: '/manifests/proxy', nodeName: 'node-0', seen: '2026-01-01T00:00:00Z', text });
  const [node] = cluster.nodes;
  node?.agent?.pods.setStatic([pod]);
  const first = await readyMirror();
  expect(first.metadata.ownerReferences).toMatchObject([{ kind: 'Node', name: 'node-0' }]);
  expect(first.metadata.annotations?.['kubernetes.io/config.mirror']).toBe(pod.metadata.uid);
  const containers = await node?.runtime.listContainers();
  expect(containers).toHaveLength(1);
  void cluster.client()?.delete(Pod, key);
  const second = await readyMirror(first.metadata.uid);
  cluster.crashControlPlane();
  await cluster.clock.advance(60_000);
  cluster.startControlPlane();
  await cluster.clock.advance(60_000);
  expect((await readyMirror()).metadata.uid).toBe(second.metadata.uid);
  expect(await node?.runtime.listContainers()).toEqual(containers);
  node?.agent?.pods.setStatic([]);
  await cluster.clock.advance(60_000);
  expect([await mirror(), (await node?.runtime.listContainers())?.length]).toEqual([undefined, 0]);
});
