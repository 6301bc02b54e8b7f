// What the kernel has counted for the processes of a cgroup, and for the network namespace that they are in. Works on cgroup v1 (one
// tree a controller) and v2 (one tree). Read when somebody asks, and only then.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupAmount, ifThere } from './cgroup-files.ts';
import { mountPoint } from './cgroups.ts';

/** Times in seconds. A field is absent where this kernel does not count it. */
export interface CgroupCounters {
  cpu: { usage: number; user: number; system: number };
  throttling: { periods: number; throttledPeriods: number; throttled: number } | undefined;
  memory: {
    usageBytes: number;
    maxUsageBytes: number | undefined;
    workingSetBytes: number;
    rssBytes: number;
    cacheBytes: number;
    mappedFileBytes: number;
    swapBytes: number;
    /** How often the limit was hit. */
    failures: number;
    oomKills: number;
    /** Infinity without a limit. */
    limitBytes: number;
  };
  /** By device, such as `254:0`. */
  disks: Map<string, DiskCounters>;
  processes: number;
  threads: number | undefined;
}

export interface DiskCounters {
  readBytes: number;
  writtenBytes: number;
  reads: number;
  writes: number;
}

export interface InterfaceCounters {
  name: string;
  received: TrafficCounters;
  sent: TrafficCounters;
}

export interface TrafficCounters {
  bytes: number;
  packets: number;
  errors: number;
  dropped: number;
}

/**
 * Paths are from the root of the hierarchy, e.g. `/berth-0/pod1234/5678`. Undefined for a cgroup that is not there (any more). The main
 * counters are CPU, throttling, memory in use, kills for want of it, and bytes of disks: half of the files, for who reads them all the time.
 */
export interface CgroupReader {
  counters(path: string, wanted?: 'all' | 'main'): Promise<CgroupCounters | undefined>;
  /** All interfaces but the loopback, as the cgroup's first process sees them. */
  interfaces(path: string): Promise<InterfaceCounters[] | undefined>;
}

const notMain = new Set([
  ...['memory.peak', 'memory.swap.current', 'memory.max', 'cgroup.procs', 'pids.current'],
  ...['memory.max_usage_in_bytes', 'memory.failcnt', 'memory.limit_in_bytes', 'cpuacct.stat', 'blkio.throttle.io_serviced'],
]);

/** USER_HZ, which Linux fixes at 100 for user space. */
const ticksPerSecond = 100;

export class HostCgroupReader implements CgroupReader {
  readonly #root: string;
  readonly #isUnified: boolean;

  /** @param root where cgroups are mounted */
  constructor(root = mountPoint) {
    this.#root = root;
    this.#isUnified = existsSync(join(root, 'cgroup.controllers'));
  }

  async counters(path: string, wanted: 'all' | 'main' = 'all'): Promise<CgroupCounters | undefined> {
    const read = async (controller: string, file: string) =>
      wanted === 'main' && notMain.has(file) ? undefined : this.#read(controller, path, file);
    return this.#isUnified ? unified(read) : divided(read);
  }

  async interfaces(path: string): Promise<InterfaceCounters[] | undefined> {
    const [pid] = (await this.#read('memory', path, 'cgroup.procs'))?.trim().split('\n') ?? [];
    const table = pid && (await ifThere(readFile(`/proc/${pid}/net/dev`, 'utf8')));
    return table ? interfaceCounters(table) : undefined;
  }

  #read(controller: string, path: string, file: string): Promise<string | undefined> {
    return ifThere(readFile(join(this.#root, this.#isUnified ? '' : controller, path, file), 'utf8'));
  }
}

type Read = (controller: string, file: string) => Promise<string | undefined>;

async function unified(read: Read): Promise<CgroupCounters | undefined> {
  const [cpuText, current, statText, io] = await Promise.all([
    read('', 'cpu.stat'),
    read('', 'memory.current'),
    read('', 'memory.stat'),
    read('', 'io.stat'),
  ]);
  if (cpuText === undefined || current === undefined || statText === undefined) return undefined;
  const [peak, swap, events, limit, procs, threads] = await Promise.all(
    ['memory.peak', 'memory.swap.current', 'memory.events', 'memory.max', 'cgroup.procs', 'pids.current'].map((file) => read('', file)),
  );
  const cpu = pairs(cpuText);
  const stat = pairs(statText);
  const happened = pairs(events ?? '');
  const usageBytes = Number(current);
  return {
    cpu: { usage: of(cpu, 'usage_usec') / 1e6, user: of(cpu, 'user_usec') / 1e6, system: of(cpu, 'system_usec') / 1e6 },
    throttling: throttling(cpu, 'throttled_usec', 1e6),
    memory: {
      usageBytes,
      maxUsageBytes: peak === undefined ? undefined : Number(peak),
      workingSetBytes: Math.max(0, usageBytes - of(stat, 'inactive_file')),
      rssBytes: of(stat, 'anon'),
      cacheBytes: of(stat, 'file'),
      mappedFileBytes: of(stat, 'file_mapped'),
      swapBytes: Number(swap ?? 0),
      failures: of(happened, 'max'),
      oomKills: of(happened, 'oom_kill'),
      limitBytes: cgroupAmount(limit ?? 'max'),
    },
    disks: unifiedDisks(io ?? ''),
    processes: lineCount(procs),
    threads: threads === undefined ? undefined : Number(threads),
  };
}

async function divided(read: Read): Promise<CgroupCounters | undefined> {
  const [usage, current, statText] = await Promise.all([
    read('cpuacct', 'cpuacct.usage'),
    read('memory', 'memory.usage_in_bytes'),
    read('memory', 'memory.stat'),
  ]);
  if (usage === undefined || current === undefined || statText === undefined) return undefined;
  const [peak, failures, oom, limit, procs] = await Promise.all(
    ['memory.max_usage_in_bytes', 'memory.failcnt', 'memory.oom_control', 'memory.limit_in_bytes', 'cgroup.procs'].map((file) =>
      read('memory', file),
    ),
  );
  const [times, cpu, bytes, operations, threads] = await Promise.all([
    read('cpuacct', 'cpuacct.stat'),
    read('cpu', 'cpu.stat'),
    read('blkio', 'blkio.throttle.io_service_bytes'),
    read('blkio', 'blkio.throttle.io_serviced'),
    read('pids', 'pids.current'),
  ]);
  const spent = pairs(times ?? '');
  const stat = pairs(statText);
  const usageBytes = Number(current);
  return {
    cpu: { usage: Number(usage) / 1e9, user: of(spent, 'user') / ticksPerSecond, system: of(spent, 'system') / ticksPerSecond },
    throttling: throttling(pairs(cpu ?? ''), 'throttled_time', 1e9),
    memory: {
      usageBytes,
      maxUsageBytes: peak === undefined ? undefined : Number(peak),
      workingSetBytes: Math.max(0, usageBytes - of(stat, 'total_inactive_file')),
      rssBytes: of(stat, 'total_rss'),
      cacheBytes: of(stat, 'total_cache'),
      mappedFileBytes: of(stat, 'total_mapped_file'),
      swapBytes: of(stat, 'total_swap'),
      failures: Number(failures ?? 0),
      oomKills: of(pairs(oom ?? ''), 'oom_kill'),
      limitBytes: dividedLimit(limit),
    },
    disks: dividedDisks(bytes ?? '', operations ?? ''),
    processes: lineCount(procs),
    threads: threads === undefined ? undefined : Number(threads),
  };
}

/** What the kernel says where there is none: the largest number of whole pages. */
const noLimitBytes = 2 ** 62;

function dividedLimit(text: string | undefined): number {
  const bytes = cgroupAmount(text ?? '-1');
  return bytes >= noLimitBytes ? Number.POSITIVE_INFINITY : bytes;
}

function throttling(cpu: Map<string, number>, time: string, perSecond: number): CgroupCounters['throttling'] {
  const periods = cpu.get('nr_periods');
  if (periods === undefined) return undefined;
  return { periods, throttledPeriods: of(cpu, 'nr_throttled'), throttled: of(cpu, time) / perSecond };
}

/** `254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0` */
function unifiedDisks(text: string): Map<string, DiskCounters> {
  const disks = new Map<string, DiskCounters>();
  for (const line of text.split('\n')) {
    const [device, ...fields] = line.trim().split(' ');
    if (!device || fields.length === 0) continue;
    const counted = new Map(fields.map((field) => [field.split('=')[0] ?? '', Number(field.split('=')[1])]));
    disks.set(device, {
      readBytes: of(counted, 'rbytes'),
      writtenBytes: of(counted, 'wbytes'),
      reads: of(counted, 'rios'),
      writes: of(counted, 'wios'),
    });
  }
  return disks;
}

/** Lines such as `254:0 Read 4096` of two files. */
function dividedDisks(bytes: string, operations: string): Map<string, DiskCounters> {
  const disks = new Map<string, DiskCounters>();
  const count = (text: string, read: 'readBytes' | 'reads', written: 'writtenBytes' | 'writes') => {
    for (const [, device = '', what, amount] of text.matchAll(/^(\d+:\d+) (Read|Write) (\d+)$/gm)) {
      const disk = disks.get(device) ?? { readBytes: 0, writtenBytes: 0, reads: 0, writes: 0 };
      disk[what === 'Read' ? read : written] = Number(amount);
      disks.set(device, disk);
    }
  };
  count(bytes, 'readBytes', 'writtenBytes');
  count(operations, 'reads', 'writes');
  return disks;
}

/** /proc/net/dev: for each interface eight counters of what came in, then eight of what went out. */
export function interfaceCounters(table: string): InterfaceCounters[] {
  return table.split('\n').flatMap((line) => {
    const [name, counted] = line.split(':');
    if (name === undefined || counted === undefined || name.trim() === 'lo') return [];
    const [inBytes = 0, inPackets = 0, inErrors = 0, inDropped = 0, , , , , outBytes = 0, outPackets = 0, outErrors = 0, outDropped = 0] =
      counted.trim().split(/\s+/).map(Number);
    return [
      {
        name: name.trim(),
        received: { bytes: inBytes, packets: inPackets, errors: inErrors, dropped: inDropped },
        sent: { bytes: outBytes, packets: outPackets, errors: outErrors, dropped: outDropped },
      },
    ];
  });
}

/** `name value` lines. */
function pairs(text: string): Map<string, number> {
  return new Map(text.split('\n').map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]));
}

function of(counted: Map<string, number>, name: string): number {
  return counted.get(name) ?? 0;
}

function lineCount(text: string | undefined): number {
  return text ? text.split('\n').length - 1 : 0;
}
