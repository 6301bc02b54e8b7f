// npm run bench -- soak: what pods leave behind. Ten thousand come and go on one node, 60 at a time (--pods N for fewer); heap after
// collection, open files and resident memory of agent and control plane, and the node's kernel objects, over those after the first 500.
// Goals: 1.2 times at most, and 1.3 for resident memory.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { clusterPackages } from '../../tools/cluster/debian.ts';
import { type KernelObjects, kernelObjects } from '../e2e/kernel-objects.ts';
import { leftovers } from '../e2e/leftovers.ts';
import { type BenchCluster, withBenchCluster } from './support/bench-cluster.ts';
import { heapAfterCollection, type InspectedProcess } from './support/inspected-process.ts';
import { churn } from './support/pod-churn.ts';
import { residentBytes } from './support/process-usage.ts';
import { rounded } from './support/statistics.ts';

export const packages = clusterPackages;

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
  kernelObjects: KernelObjects;
  /** What is there although no pod is. */
  leftovers: string[];
}

export async function run(): Promise<object> {
  const pods = wantedPods();
  process.env.NODE_OPTIONS = '--inspect-port=0';
  return withBenchCluster(async (bench) => {
    const client = await bench.cluster.client();
    try {
      // Open from the start: the first measure would open them, and the second find what they keep open.
      for (const name of measured) await heapAfterCollection(inspected(bench, name));
      const more = { image: bench.image, atATime, report: (gone: number) => console.error(`${gone} pods have come and gone`) };
      await churn(client, { ...more, name: 'first', pods: firstPods });
      const before = await measure(bench);
      await churn(client, { ...more, name: 'later', pods: pods - firstPods });
      return report(pods, before, await measure(bench));
    } finally {
      client.close();
    }
  });
}

function wantedPods(): number {
  const { values } = parseArgs({ allowPositionals: true, options: { pods: { type: 'string', default: '10000' } } });
  const pods = Number(values.pods);
  if (!(Number.isInteger(pods) && pods > firstPods)) throw new Error(`--pods is a number above ${firstPods}, not ${values.pods}`);
  return pods;
}

function report(pods: number, before: Measure, after: Measure): object {
  const ratios = (of: keyof Usage) => measured.map((name) => after.processes[name][of] / before.processes[name][of]);
  const kernel = (Object.keys(before.kernelObjects) as (keyof KernelObjects)[]).map(
    (kind) => after.kernelObjects[kind] / Math.max(1, before.kernelObjects[kind]),
  );
  const worst = (...values: number[]) => rounded(Math.max(...values), 2);
  return {
    name: 'soak',
    pods,
    residentRatio: worst(...ratios('residentMegabytes')),
    heapRatio: worst(...ratios('heapMegabytes')),
    openFilesRatio: worst(...ratios('openFiles')),
    kernelObjectsRatio: worst(...kernel),
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
  return { processes: Object.fromEntries(usages) as Measure['processes'], ...(await leftBy(bench)) };
}

/** Resident memory as it is found, before anything is collected. */
async function usageOf(bench: BenchCluster, name: (typeof measured)[number]): Promise<Usage> {
  const process = inspected(bench, name);
  const residentMegabytes = rounded(residentBytes(process.pid) / 1e6);
  const openFiles = readdirSync(`/proc/${process.pid}/fd`).length;
  const heapMegabytes = rounded((await heapAfterCollection(process)) / 1e6);
  return { residentMegabytes, heapMegabytes, openFiles };
}

function inspected({ cluster }: BenchCluster, name: (typeof measured)[number]): InspectedProcess {
  const record = cluster.processes.running(name);
  if (!record) throw new Error(`${name} does not run; its log ends with:\n${cluster.processes.tail(name)}`);
  return { pid: record.pid, log: () => readFileSync(cluster.processes.logFile(name), 'utf8').slice(record.logOffset) };
}

async function leftBy({ cluster: { layout } }: BenchCluster): Promise<Pick<Measure, 'kernelObjects' | 'leftovers'>> {
  return { kernelObjects: await kernelObjects(layout), leftovers: await leftovers(layout) };
}
