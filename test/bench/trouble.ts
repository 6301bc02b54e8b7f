// npm run bench -- trouble: what pods that cannot run cost. Twenty, each failing at another stage, stand beside twenty healthy ones;
// the figure is the CPU of agent, containerd and control plane in minutes three to five after their start, over that of the healthy
// ones alone in the same minutes of their own. Goals: 5 % of a core, and two event writes a pod and minute.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { clusterPackages } from '../../tools/cluster/debian.ts';
import { provideImage } from '../../tools/cluster/images.ts';
import { kubectlPath } from '../../tools/cluster/kubectl.ts';
import { root } from '../../tools/cluster/layout.ts';
import { runCommand } from '../../tools/cluster/run-command.ts';
import { type BenchCluster, withBenchCluster } from './support/bench-cluster.ts';
import { cpuSeconds } from './support/process-usage.ts';
import { rounded } from './support/statistics.ts';
import { type PodTemplate, troubledPods } from './support/troubled-pods.ts';

export const packages = clusterPackages;

const pods = 20;
const settleMs = 3 * 60_000;
const measureMs = 2 * 60_000;

type Process = 'agent' | 'containerd' | 'controlPlane';

interface Kubectl {
  path: string;
  kubeconfig: string;
}

export function run(): Promise<object> {
  return withBenchCluster(async (bench) => {
    const { cluster, image } = bench;
    const kubectl = { path: await kubectlPath(), kubeconfig: cluster.kubeconfig };
    await apply(
      kubectl,
      'healthy',
      Array.from({ length: pods }, (_, index) => healthy(`healthy-${index}`, image)),
    );
    await sleep(settleMs);
    const baseline = await cpuOf(bench);
    const folder = join(root, 'test', 'bench', 'images', 'no-command');
    const withoutCommand = await provideImage(cluster.layout, { repository: 'bench/no-command', tag: '1', folder });
    await apply(kubectl, 'trouble', troubledPods({ image, withoutCommand }));
    await sleep(settleMs);
    const [troubled, eventWrites] = await Promise.all([cpuOf(bench), eventWritesOf(kubectl, 'trouble')]);
    return report(baseline, troubled, eventWrites);
  });
}

function report(baseline: Record<Process, number>, troubled: Record<Process, number>, eventWrites: number): object {
  const sum = (percents: Record<Process, number>) => percents.agent + percents.containerd + percents.controlPlane;
  return {
    name: 'trouble',
    cpuPercentOver: rounded(sum(troubled) - sum(baseline), 2),
    eventWritesPerPodAndMinute: rounded(eventWrites / pods / (measureMs / 60_000), 2),
    cpuPercent: troubled,
    baseline: `${pods} healthy pods alone, in the same minutes after their start`,
    baselineCpuPercent: baseline,
    ratio: rounded(sum(troubled) / sum(baseline), 2),
    goal: { cpuPercentOver: 5, eventWritesPerPodAndMinute: 2 },
  };
}

function healthy(name: string, image: string): PodTemplate {
  return { name, spec: { containers: [{ name: 'main', image, command: ['/bin/busybox', 'sleep', '100000'] }] } };
}

async function apply({ path, kubeconfig }: Kubectl, namespace: string, templates: PodTemplate[]): Promise<void> {
  const items = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    ...templates.map(({ name, spec }) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec })),
  ];
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await runCommand([path, '--kubeconfig', kubeconfig, 'apply', '-f', '-'], { input });
}

/** Of one core, over the time that is measured. */
async function cpuOf({ cluster }: BenchCluster): Promise<Record<Process, number>> {
  const pids = {
    agent: cluster.processes.running('node-agent')?.pid ?? 0,
    containerd: containerdPid(cluster.layout.directory),
    controlPlane: cluster.processes.running('control-plane')?.pid ?? 0,
  };
  const names = Object.keys(pids) as Process[];
  const before = names.map((name) => cpuSeconds(pids[name]));
  await sleep(measureMs);
  const percents = names.map((name, index): [Process, number] => {
    const seconds = cpuSeconds(pids[name]) - (before[index] ?? 0);
    return [name, rounded((seconds / (measureMs / 1000)) * 100, 2)];
  });
  return Object.fromEntries(percents) as Record<Process, number>;
}

/** The agent's own, by the configuration that it was started with. */
function containerdPid(directory: string): number {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (/(^|\/)containerd$/.test(program) && args.some((arg) => arg.startsWith(`${directory}/`))) return Number(pid);
    } catch {
      // It ended while this looked.
    }
  }
  throw new Error(`no containerd runs below ${directory}`);
}

/** How often an event of the namespace was created or counted up while it was looked at. */
async function eventWritesOf({ path, kubeconfig }: Kubectl, namespace: string): Promise<number> {
  const args = ['--kubeconfig', kubeconfig, '-n', namespace, 'get', 'events', '--watch-only', '-o', 'name'];
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let lines = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    lines += text.split('\n').length - 1;
  });
  try {
    await sleep(measureMs);
    if (child.exitCode !== null) throw new Error(`kubectl stopped watching events, with exit code ${child.exitCode}`);
    return lines;
  } finally {
    child.kill();
  }
}
