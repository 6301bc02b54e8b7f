// npm run bench -- footprint: resident memory and CPU of an idle control plane and agent, over a minute that begins a minute
// after their start. The baseline is a bare Node process that listens on one HTTPS port. Goal: 150 MB and 1 % of a core together.
import { spawn } from 'node:child_process';
import { execPath } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { clusterPackages } from '../../tools/cluster/debian.ts';
import { withBenchCluster } from './support/bench-cluster.ts';
import { cpuSeconds, residentBytes } from './support/process-usage.ts';
import { rounded } from './support/statistics.ts';

export const packages = clusterPackages;

const settleMs = 60_000;
const measureMs = 60_000;
const bareServer = "require('node:https').createServer({}, () => {}).listen(0, '127.0.0.1')";

interface Usage {
  residentMegabytes: number;
  /** Of one core. */
  cpuPercent: number;
}

export function run(): Promise<object> {
  return withBenchCluster(async ({ cluster }) => {
    const bare = spawn(execPath, ['-e', bareServer], { stdio: 'ignore' });
    try {
      const pids = {
        controlPlane: pidOf(cluster.processes.running('control-plane')),
        agent: pidOf(cluster.processes.running('node-agent')),
      };
      await sleep(settleMs);
      const usage = await usageOf({ ...pids, bare: pidOf(bare) });
      return report(usage);
    } finally {
      bare.kill();
    }
  });
}

function report(usage: Record<'controlPlane' | 'agent' | 'bare', Usage>): object {
  const { controlPlane, agent, bare } = usage;
  const together = controlPlane.residentMegabytes + agent.residentMegabytes;
  return {
    name: 'footprint',
    residentMegabytes: rounded(together),
    cpuPercent: rounded(controlPlane.cpuPercent + agent.cpuPercent, 2),
    controlPlane,
    agent,
    baseline: 'a bare Node process with one HTTPS server, twice',
    baselineResidentMegabytes: rounded(2 * bare.residentMegabytes),
    ratio: rounded(together / (2 * bare.residentMegabytes), 2),
    goal: { residentMegabytes: 150, cpuPercent: 1 },
  };
}

function pidOf(process: { pid?: number } | undefined): number {
  if (process?.pid === undefined) throw new Error('a process to measure is not running');
  return process.pid;
}

async function usageOf<K extends string>(pids: Record<K, number>): Promise<Record<K, Usage>> {
  const names = Object.keys(pids) as K[];
  const before = names.map((name) => cpuSeconds(pids[name]));
  await sleep(measureMs);
  const usages = names.map((name, index): [K, Usage] => {
    const seconds = cpuSeconds(pids[name]) - (before[index] ?? 0);
    return [
      name,
      { residentMegabytes: rounded(residentBytes(pids[name]) / 1e6), cpuPercent: rounded((seconds / (measureMs / 1000)) * 100, 2) },
    ];
  });
  return Object.fromEntries(usages) as Record<K, Usage>;
}
