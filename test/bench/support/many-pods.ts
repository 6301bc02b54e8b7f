// A cluster's worth of objects without a cluster: nodes and the pods of Deployments, as controllers and agents would have written them, and
// changes to them as agents report them. Only an API server is needed.
import { Namespace, Node, Pod } from '@berth/api';
import type { HttpClient } from '@berth/client';

const namespaces = 10;
const deployments = 100;
const writesAtOnce = 16;
const agoIso = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');

export interface Wanted {
  nodes: number;
  pods: number;
}

export async function makeObjects(client: HttpClient, { nodes, pods }: Wanted): Promise<void> {
  await each(namespaces, (index) =>
    client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `load-${index}` }, spec: {} }),
  );
  await each(nodes, async (index) => {
    const node = await client.create(Node, { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName(index) }, spec: {} });
    const amounts = { cpu: '8', memory: '32Gi', pods: '110' };
    const conditions = [
      { type: 'Ready', status: 'True' as const, reason: 'KubeletReady', lastTransitionTime: agoIso(900), lastHeartbeatTime: agoIso(5) },
    ];
    await client.updateStatus(Node, { ...node, status: { capacity: amounts, allocatable: amounts, conditions } });
  });
  await each(pods, (index) => makePod(client, podName(index), index, nodes));
}

const nodeName = (index: number) => `hollow-${index}`;
const podName = (index: number) => `web-${index % deployments}-6d4b75cb6d-${index.toString(36).padStart(5, '0')}`;
const namespaceOf = (index: number) => `load-${index % namespaces}`;

export async function makePod(client: HttpClient, name: string, index: number, nodes: number): Promise<void> {
  const labels = { app: `web-${index % deployments}`, tier: 'front' };
  const pod = await client.create(Pod, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: namespaceOf(index), labels },
    spec: {
      nodeName: nodeName(index % nodes),
      serviceAccountName: 'default',
      containers: [{ name: 'main', image: 'hollow/run', resources: { requests: { cpu: '10m', memory: '16Mi' } } }],
    },
  });
  await client.updateStatus(Pod, { ...pod, status: runningStatus(index, 0) });
}

function runningStatus(index: number, restartCount: number): Pod['status'] {
  const lastTransitionTime = agoIso(60);
  const types = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];
  const ip = `10.${index % 250}.${Math.floor(index / 250) % 250}.7`;
  return {
    ...{ phase: 'Running', hostIP: '198.18.0.1', podIP: ip, podIPs: [{ ip }], startTime: lastTransitionTime, qosClass: 'Burstable' },
    conditions: types.map((type) => ({ type, status: 'True' as const, lastTransitionTime })),
    containerStatuses: [
      {
        ...{ name: 'main', image: 'hollow/run', imageID: 'sha256:0', containerID: `containerd://${index}` },
        ...{ ready: true, started: true, restartCount, state: { running: { startedAt: lastTransitionTime } } },
      },
    ],
  };
}

/** Restarts, and pods that are replaced by others, until it is aborted. @returns how many changes there were */
export async function churn(client: HttpClient, { nodes, pods }: Wanted, perSecond: number, signal: AbortSignal): Promise<number> {
  let changes = 0;
  const startMs = performance.now();
  while (!signal.aborted) {
    const index = (changes * 7919) % pods;
    const key = { namespace: namespaceOf(index), name: podName(index) };
    if (changes % 10 === 9) {
      await client.delete(Pod, key, { gracePeriodSeconds: 0 });
      await makePod(client, key.name, index, nodes);
    } else {
      const pod = await client.get(Pod, key);
      await client.updateStatus(Pod, { ...pod, status: runningStatus(index, changes) });
    }
    changes++;
    const aheadMs = (changes / perSecond) * 1000 - (performance.now() - startMs);
    if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
  }
  return changes;
}

async function each(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: writesAtOnce }, worker));
}
