// npm run bench -- volumes: from a claim and its pod, created together, to the volume being mounted, beside making and mounting such a file system by hand;
// and input and output through the volume beside the bare disk, past the page cache. In turns. Goals: at most 150 ms more, and 0.9 of the disk.
import { mkdir, rm, stat } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PersistentVolumeClaim, Pod } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { clusterPackages, type DebianPackage } from '../../tools/cluster/debian.ts';
import { eventually } from '../../tools/cluster/eventually.ts';
import { runCommand } from '../../tools/cluster/run-command.ts';
import { type BenchCluster, withBenchCluster } from './support/bench-cluster.ts';
import { type DiskJob, diskJobs, perSecond } from './support/disk-jobs.ts';
import { quantile, rounded } from './support/statistics.ts';

export const packages: DebianPackage[] = [...clusterPackages, 'fio'];

const namespace = 'default';
const warmUps = 1;
const rounds = 10;
const diskRounds = 3;
const sizeMebi = 1024;
const chosen = (process.env.BERTH_BENCH_PARTS ?? 'claims,disk').split(',');
const mountedMsMax = 60_000;
const lookPauseMs = 2;

export function run(): Promise<object> {
  return withBenchCluster(async (bench) => {
    const client = await bench.cluster.client();
    try {
      const claims = chosen.includes('claims') ? await claimsMounted(client, bench) : {};
      const io = chosen.includes('disk') ? { io: await inputAndOutput(client, bench) } : {};
      return { name: 'volumes', ...claims, ...io, load: loadavg().map((load) => Math.round(load)) };
    } finally {
      client.close();
    }
  });
}

async function claimsMounted(client: HttpClient, bench: BenchCluster): Promise<object> {
  const [through, byHand]: [number[], number[]] = [[], []];
  for (let round = -warmUps; round < rounds; round++) {
    const name = `bench-${round + warmUps}`;
    const [volumeMs, handMs] = [(await mountThroughBerth(client, bench, name)).tookMs, await mountByHand(bench)];
    await removePod(client, name);
    if (round < 0) continue;
    through.push(volumeMs);
    byHand.push(handMs);
  }
  return mounting(through, byHand);
}

function mounting(through: number[], byHand: number[]): object {
  const [p50Ms, baselineP50Ms] = [quantile(through, 0.5), quantile(byHand, 0.5)];
  return {
    ...{ rounds, sizeMebi, p50Ms: rounded(p50Ms), p90Ms: rounded(quantile(through, 0.9)) },
    baseline: 'fallocate, mkfs.ext4 and mount by hand',
    ...{ baselineP50Ms: rounded(baselineP50Ms), baselineP90Ms: rounded(quantile(byHand, 0.9)) },
    ...{ moreMs: rounded(p50Ms - baselineP50Ms), goalMoreMs: 150 },
  };
}

/** @returns where it is mounted as well */
async function mountThroughBerth(
  client: HttpClient,
  { cluster, image }: BenchCluster,
  name: string,
): Promise<{ tookMs: number; path: string }> {
  const metadata = { name, namespace };
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: `${sizeMebi}Mi` } } };
  const main = { name: 'main', image, command: ['/bin/busybox', 'sleep', '3600'], volumeMounts: [{ name: 'data', mountPath: '/data' }] };
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: name } }];
  const startMs = performance.now();
  const spec = { terminationGracePeriodSeconds: 0, containers: [main], volumes };
  const [, pod] = await Promise.all([
    client.create<PersistentVolumeClaim>(PersistentVolumeClaim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: claim }),
    client.create<Pod>(Pod, { apiVersion: 'v1', kind: 'Pod', metadata, spec }),
  ]);
  const pods = join(cluster.layout.directory, 'node', 'pods');
  const path = join(pods, pod.metadata.uid ?? '', 'volumes', 'data');
  const { dev } = await stat(pods);
  const isMounted = async () => (await stat(path).catch(() => undefined))?.dev ?? dev;
  while ((await isMounted()) === dev) {
    if (performance.now() - startMs > mountedMsMax) throw new Error(`the volume of ${name} is not mounted after ${mountedMsMax / 1000} s`);
    await sleep(lookPauseMs);
  }
  return { tookMs: performance.now() - startMs, path };
}

async function removePod(client: HttpClient, name: string): Promise<void> {
  await client.delete(Pod, { namespace, name }, { gracePeriodSeconds: 1 });
  await client.delete(PersistentVolumeClaim, { namespace, name });
  await eventually('the claim to be gone', mountedMsMax, async () => {
    const { items } = await client.list(PersistentVolumeClaim, { namespace });
    return items.every(({ metadata }) => metadata.name !== name) || undefined;
  });
}

async function mountByHand({ cluster }: BenchCluster): Promise<number> {
  const folder = join(cluster.layout.directory, 'by-hand');
  const [file, point] = [join(folder, 'disk.img'), join(folder, 'point')];
  await mkdir(point, { recursive: true });
  const startMs = performance.now();
  await runCommand(['fallocate', '--length', `${sizeMebi}MiB`, file]);
  await runCommand(['mkfs.ext4', '-q', '-F', file]);
  await runCommand(['mount', '-o', 'loop', file, point]);
  const tookMs = performance.now() - startMs;
  await runCommand(['umount', point]);
  await rm(folder, { recursive: true });
  return tookMs;
}

async function inputAndOutput(client: HttpClient, bench: BenchCluster): Promise<object> {
  const bare = join(bench.cluster.layout.directory, 'bare');
  await mkdir(bare);
  const { path } = await mountThroughBerth(client, bench, 'disk');
  const entries: [string, object][] = [];
  for (const job of diskJobs) entries.push([job.name, await compared(job, path, bare)]);
  return { goalRatio: 0.9, ...Object.fromEntries(entries) };
}

async function compared(job: DiskJob, volume: string, bare: string): Promise<object> {
  const [ofVolume, ofDisk]: [number[], number[]] = [[], []];
  for (let round = 0; round < diskRounds; round++) {
    ofVolume.push(await perSecond(job, volume));
    ofDisk.push(await perSecond(job, bare));
  }
  const [through, baseline] = [quantile(ofVolume, 0.5), quantile(ofDisk, 0.5)];
  return { [job.unit]: rounded(through), baseline: rounded(baseline), ratio: rounded(through / baseline, 2) };
}
