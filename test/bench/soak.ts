// npm run bench -- soak: what pods leave behind. Ten thousand come and go on one node, 60 at a time (BERTH_BENCH_PODS for fewer); heap
// after collection, open files, resident memory and kernel objects of agent and control plane, over those after the first 500.
// Goals: 1.2 times at most, and 1.3 for resident memory.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { clusterPackages } from '../../tools/cluster/debian.ts';
import { leftovers } from '../e2e/leftovers.ts';
import { type BenchCluster, withBenchCluster } from './support/bench-cluster.ts';
import { heapAfterCollection } from './support/inspected-process.ts';
import { churn } from './support/pod-churn.ts';
import { residentBytes } from './support/process-usage.ts';
import { rounded } from './support/statistics.ts';

export const packages = clusterPackages;

const pods = Number(process.env.BERTH_BENCH_PODS ?? 10_000);
const firstPods = 500;
const atATime = 60;
/** Until what the last pods held is given back. */
const settleMs = 60_000;
const measured = ['control-plane', 'node-agent'] as const;

interface Usage {
  residentMegabytes: number;
  heapMegabytes: number;
  openFiles: number;
}

interface Measure {
  processes: Record<(typeof measured)[number], Usage>;
  kernelObjects: number;
}

export async function run(): Promise<object> {
  if (!(pods > firstPods)) throw new Error(`BERTH_BENCH_PODS is a number above ${firstPods}, not ${process.env.BERTH_BENCH_PODS}`);
  process.env.NODE_OPTIONS = '--inspect-port=0';
  return withBenchCluster(async (bench) => {
    const client = await bench.cluster.client();
    try {
      const more = { image: bench.image, atATime, report: (gone: number) => console.error(`${gone} pods have come and gone`) };
      await churn(client, { ...more, name: 'first', pods: firstPods });
      const before = await measure(bench);
      await churn(client, { ...more, name: 'later', pods: pods - firstPods });
      return report(before, await measure(bench));
    } finally {
      client.close();
    }
  });
}

function report(before: Measure, after: Measure): object {
  const ratios = (of: keyof Usage) => measured.map((name) => after.processes[name][of] / before.processes[name][of]);
  const worst = (...values: number[]) => rounded(Math.max(...values), 2);
  return {
    name: 'soak',
    pods,
    residentRatio: worst(...ratios('residentMegabytes')),
    heapRatio: worst(...ratios('heapMegabytes')),
    openFilesRatio: worst(...ratios('openFiles')),
    kernelObjectsRatio: worst(after.kernelObjects / before.kernelObjects),
    ratio: worst(...ratios('residentMegabytes'), ...ratios('heapMegabytes'), ...ratios('openFiles')),
    after,
    baseline: `the same after the first ${firstPods} pods`,
    before,
    goal: { residentRatio: 1.3, heapRatio: 1.2, openFilesRatio: 1.2, kernelObjectsRatio: 1.2 },
  };
}

async function measure(bench: BenchCluster): Promise<Measure> {
  await sleep(settleMs);
  const usages: [string, Usage][] = [];
  for (const name of measured) usages.push([name, await usageOf(bench, name)]);
  return { processes: Object.fromEntries(usages) as Measure['processes'], kernelObjects: await kernelObjects(bench) };
}

/** Resident memory as it is found, before anything is collected. */
async function usageOf({ cluster }: BenchCluster, name: (typeof measured)[number]): Promise<Usage> {
  const record = cluster.processes.running(name);
  if (!record) throw new Error(`${name} does not run; its log ends with:\n${cluster.processes.tail(name)}`);
  const log = () => readFileSync(cluster.processes.logFile(name), 'utf8').slice(record.logOffset);
  const residentMegabytes = rounded(residentBytes(record.pid) / 1e6);
  const openFiles = readdirSync(`/proc/${record.pid}/fd`).length;
  const heapMegabytes = rounded((await heapAfterCollection({ pid: record.pid, log })) / 1e6);
  return { residentMegabytes, heapMegabytes, openFiles };
}

/** Mounts and interfaces of the machine, and whatever else the node's pods have left. */
async function kernelObjects({ cluster }: BenchCluster): Promise<number> {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n').length;
  const interfaces = readdirSync('/sys/class/net').length;
  return mounts + interfaces + (await leftovers(cluster.layout)).length;
}
