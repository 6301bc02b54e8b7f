// npm run bench -- pod-start: from the create request to Running as a watcher sees it, beside the same pod started directly
// through the same containerd's CRI, one after the other in turns. Goal: ratio at most 1.5 now, 1.15 later.
import { join } from 'node:path';
import { Pod } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { CriRuntime, type SandboxConfig } from '@berth/runtime';
import { clusterPackages } from '../../tools/cluster/debian.ts';
import { type BenchCluster, withBenchCluster } from './support/bench-cluster.ts';
import { quantile, rounded } from './support/statistics.ts';

export const packages = clusterPackages;

const warmUps = 3;
const rounds = 30;
const command = ['/bin/busybox', 'sleep', '3600'];

export function run(): Promise<object> {
  return withBenchCluster(async (bench) => {
    const client = await bench.cluster.client();
    const runtime = new CriRuntime(join(bench.cluster.layout.directory, 'node', 'c', 'containerd.sock'));
    try {
      const through: number[] = [];
      const direct: number[] = [];
      for (let round = -warmUps; round < rounds; round++) {
        const [berthMs, criMs] = [await startThroughBerth(client, bench, round), await startDirectly(runtime, bench, round)];
        if (round < 0) continue;
        through.push(berthMs);
        direct.push(criMs);
      }
      return report(through, direct);
    } finally {
      runtime.close();
      client.close();
    }
  });
}

function report(through: number[], direct: number[]): object {
  const [p50Ms, baselineP50Ms] = [quantile(through, 0.5), quantile(direct, 0.5)];
  return {
    name: 'pod-start',
    rounds,
    p50Ms: rounded(p50Ms),
    p90Ms: rounded(quantile(through, 0.9)),
    baseline: 'the same pod through CRI: run sandbox, create and start the container',
    baselineP50Ms: rounded(baselineP50Ms),
    baselineP90Ms: rounded(quantile(direct, 0.9)),
    ratio: rounded(p50Ms / baselineP50Ms, 2),
    goal: 1.5,
  };
}

async function startThroughBerth(client: HttpClient, { image }: BenchCluster, round: number): Promise<number> {
  const name = `bench-${round + warmUps}`;
  const watching = new AbortController();
  const { resourceVersion } = await client.list(Pod, { namespace: 'default' });
  const events = client.watch(Pod, { namespace: 'default', resourceVersion, signal: watching.signal });
  const spec = { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image, command }] };
  const startMs = performance.now();
  await client.create<Pod>(Pod, { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec });
  let tookMs = 0;
  for await (const event of events) {
    if (event.type === 'MODIFIED' && event.object.metadata.name === name && event.object.status?.phase === 'Running' && tookMs === 0) {
      tookMs = performance.now() - startMs;
      await client.delete(Pod, { namespace: 'default', name }, { gracePeriodSeconds: 1 });
    }
    if (event.type === 'DELETED' && event.object.metadata.name === name) break;
  }
  watching.abort();
  return tookMs;
}

async function startDirectly(runtime: CriRuntime, { cluster, image }: BenchCluster, round: number): Promise<number> {
  const name = `direct-${round + warmUps}`;
  const sandbox: SandboxConfig = {
    name,
    namespace: 'default',
    uid: name,
    attempt: 0,
    hostname: name,
    logDirectory: join(cluster.layout.directory, 'direct', name),
    dns: { servers: [cluster.layout.clusterDns], searches: [], options: [] },
    labels: {},
    annotations: {},
    cgroupParent: `/berth-${cluster.layout.instance}/direct`,
    hostNetwork: false,
    hostPid: false,
    hostIpc: false,
    shareProcessNamespace: false,
    privileged: false,
    sysctls: {},
  };
  const startMs = performance.now();
  const sandboxId = await runtime.runSandbox(sandbox);
  const containerId = await runtime.createContainer(
    sandboxId,
    {
      name: 'main',
      attempt: 0,
      image,
      imageRef: image,
      command,
      env: [],
      mounts: [],
      devices: [],
      labels: {},
      annotations: {},
      logPath: 'main.log',
      stdin: false,
      stdinOnce: false,
      tty: false,
      resources: {},
      security: {
        privileged: false,
        readonlyRootfs: false,
        noNewPrivileges: false,
        supplementalGroups: [],
        addCapabilities: [],
        dropCapabilities: [],
        seccomp: { type: 'RuntimeDefault' },
      },
    },
    sandbox,
  );
  await runtime.startContainer(containerId);
  const tookMs = performance.now() - startMs;
  await runtime.removeSandbox(sandboxId);
  return tookMs;
}
