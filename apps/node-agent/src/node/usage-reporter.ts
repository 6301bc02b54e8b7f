// Measures what this node and its pods use, and tells the control plane every fifteen seconds. CPU is the difference of two
// counters, so a container is told of from its second measurement on.
import { readFile } from 'node:fs/promises';
import type { AgentLink, Usage, UsageReport } from '@berth/protocol';
import type { ContainerStats, Runtime } from '@berth/runtime';
import { type Clock, type Logger, timestamp } from '@berth/telemetry';

const everyMs = 15_000;
/** USER_HZ, which Linux fixes at 100 for user space. */
const nanosecondsPerTick = 1e9 / 100;

/** Of the whole machine. */
export interface HostCounters {
  cpuNanoseconds: number;
  memoryBytes: number;
}

export interface UsageReporterDeps {
  runtime: Pick<Runtime, 'stats'>;
  link: Pick<AgentLink, 'reportUsage'>;
  host: () => Promise<HostCounters>;
  /** Bytes that there are for volumes in all; undefined where none are made. */
  volumesCapacity: () => Promise<number | undefined>;
  podName(uid: string): { namespace: string; name: string } | undefined;
  /** What the control plane keeps of the node and its pods, in the text format of Prometheus; absent where they are simulated. */
  samples?: (stats: ContainerStats[], counters: HostCounters) => Promise<string>;
  clock: Clock;
  logger: Logger;
}

interface Sample {
  atMs: number;
  host: HostCounters;
  /** By container id. */
  containers: Map<string, ContainerStats>;
}

export class UsageReporter {
  readonly #deps: UsageReporterDeps;
  readonly #stopping = new AbortController();
  #previous: Sample | undefined;
  #newest: UsageReport | undefined;

  constructor(deps: UsageReporterDeps) {
    this.#deps = deps;
  }

  /** What was reported last. */
  get newest(): UsageReport | undefined {
    return this.#newest;
  }

  start(): void {
    void this.#measureForever(this.#stopping.signal);
  }

  stop(): void {
    this.#stopping.abort(new Error('the agent is stopping'));
  }

  /** One measurement; reported when there is an earlier one to compare it with. */
  async measure(): Promise<void> {
    const { runtime, host, clock, link, volumesCapacity } = this.#deps;
    const [stats, counters, volumesCapacityBytes] = await Promise.all([runtime.stats(), host(), volumesCapacity()]);
    const containers = new Map(stats.map((container) => [container.containerId, container]));
    const sample: Sample = { atMs: clock.monotonicMs(), host: counters, containers };
    const previous = this.#previous;
    this.#previous = sample;
    if (!previous) return;
    this.#newest = { ...this.#report(previous, sample), ...(volumesCapacityBytes !== undefined && { volumesCapacityBytes }) };
    const samples = await this.#deps.samples?.(stats, counters);
    link.reportUsage({ ...this.#newest, ...(samples !== undefined && { samples }) });
  }

  async #measureForever(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#deps;
    while (!signal.aborted) {
      await this.measure().catch((error: unknown) => logger.warn('usage could not be measured', { error }));
      await clock.sleep(everyMs, signal).catch(() => undefined);
    }
  }

  #report(before: Sample, now: Sample): UsageReport {
    const windowMs = Math.max(1, now.atMs - before.atMs);
    const perSecond = (nanoseconds: number, overMs: number) => Math.max(0, Math.round(nanoseconds / (overMs / 1000)));
    const pods = new Map<string, UsageReport['pods'][number]>();
    for (const [id, container] of now.containers) {
      const earlier = before.containers.get(id);
      const name = this.#deps.podName(container.podUid);
      const overMs = earlier ? container.atMs - earlier.atMs : 0;
      if (!earlier || !name || overMs <= 0) continue;
      const pod = pods.get(container.podUid) ?? { ...name, uid: container.podUid, containers: [] };
      pods.set(container.podUid, pod);
      const cpuNanoCores = perSecond(container.cpuUsageNanoseconds - earlier.cpuUsageNanoseconds, overMs);
      pod.containers.push({ name: container.name, cpuNanoCores, memoryBytes: container.memoryWorkingSetBytes });
    }
    const node: Usage = {
      cpuNanoCores: perSecond(now.host.cpuNanoseconds - before.host.cpuNanoseconds, windowMs),
      memoryBytes: now.host.memoryBytes,
    };
    return { at: timestamp(this.#deps.clock), windowSeconds: Math.round(windowMs / 1000), node, pods: [...pods.values()] };
  }
}

/** proc_stat(5) and proc_meminfo(5): time spent in anything but idling, memory that is not available. */
export async function hostCounters(): Promise<HostCounters> {
  const [stat, meminfo] = await Promise.all([readFile('/proc/stat', 'utf8'), readFile('/proc/meminfo', 'utf8')]);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (stat.split('\n')[0] ?? '')
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? 0);
  return {
    cpuNanoseconds: (user + nice + system + irq + softirq + steal) * nanosecondsPerTick,
    memoryBytes: (kilobytes('MemTotal') - kilobytes('MemAvailable')) * 1024,
  };
}
