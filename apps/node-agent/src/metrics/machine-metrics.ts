// What the machine counts, under node-exporter's names, for dashboards of nodes: `/metrics/node`. Read from /proc and from file systems
// when somebody asks, and only then.
// Names: https://github.com/prometheus/node_exporter; files: proc(5), https://docs.kernel.org/admin-guide/iostats.html
import { readFile, statfs } from 'node:fs/promises';
import { hostname, release, version } from 'node:os';
import { join } from 'node:path';
import { unescapedPath } from '@berth/runtime';
import { family, type Labels, type Sample } from '../http/metric-text.ts';

/** USER_HZ, which Linux fixes at 100 for user space. */
const ticksPerSecond = 100;
const sectorBytes = 512;
const modes = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'];

/** @param proc where the kernel's files are. */
export async function machineMetrics(nowMs: number, proc = '/proc'): Promise<string> {
  const read = (name: string) => readFile(join(proc, name), 'utf8');
  const [stat, memory, load, network, disks, mounts] = await Promise.all(
    ['stat', 'meminfo', 'loadavg', 'net/dev', 'diskstats', 'self/mounts'].map(read),
  );
  const [files, sockets, tracked, trackedMax] = await Promise.all([
    read('sys/fs/file-nr'),
    read('net/snmp'),
    // Absent until something tracks connections.
    read('sys/net/netfilter/nf_conntrack_count').catch(absent),
    read('sys/net/netfilter/nf_conntrack_max').catch(absent),
  ]);
  return [
    family('node_time_seconds', 'gauge', 'The time of the machine, in seconds since 1970', only(nowMs / 1000)),
    family('node_uname_info', 'gauge', 'The kernel', [
      { labels: { nodename: hostname(), release: release(), version: version() }, value: 1 },
    ]),
    ...processors(stat ?? ''),
    ...memoryFamilies(memory ?? ''),
    ...loadFamilies(load ?? ''),
    ...networkFamilies(network ?? ''),
    ...diskFamilies(disks ?? ''),
    ...(await fileSystems(mounts ?? '')),
    ...fileFamilies(files ?? ''),
    family('node_netstat_Tcp_CurrEstab', 'gauge', 'TCP connections that are open', only(openConnections(sockets ?? ''))),
    family('node_nf_conntrack_entries', 'gauge', 'Connections that are tracked', only(numberOf(tracked))),
    family('node_nf_conntrack_entries_limit', 'gauge', 'Connections that may be tracked', only(numberOf(trackedMax))),
  ].join('');
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

function only(value: number | undefined): Sample[] {
  return [{ labels: {}, value }];
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function processors(stat: string): string[] {
  const lines = stat.split('\n').map((line) => line.split(/\s+/));
  const times = lines.flatMap(([name = '', ...ticks]) => {
    const [, cpu] = /^cpu(\d+)$/.exec(name) ?? [];
    if (cpu === undefined) return [];
    return modes.map((mode, index) => ({ labels: { cpu, mode }, value: Number(ticks[index] ?? 0) / ticksPerSecond }));
  });
  const one = (name: string) => only(numberOf(lines.find(([first]) => first === name)?.[1]));
  return [
    family('node_cpu_seconds_total', 'counter', 'What processors spent their time on, in seconds', times),
    family('node_context_switches_total', 'counter', 'Context switches', one('ctxt')),
    family('node_intr_total', 'counter', 'Interrupts', one('intr')),
    family('node_forks_total', 'counter', 'Processes that were started', one('processes')),
    family('node_boot_time_seconds', 'gauge', 'When the machine was started, in seconds since 1970', one('btime')),
    family('node_procs_running', 'gauge', 'Processes that run or wait for a processor', one('procs_running')),
    family('node_procs_blocked', 'gauge', 'Processes that wait for a disk', one('procs_blocked')),
  ];
}

/** `MemTotal: 16384 kB`, `Active(anon): 1 kB`, `HugePages_Total: 0` */
function memoryFamilies(text: string): string[] {
  return [...text.matchAll(/^([\w()]+):\s+(\d+)( kB)?$/gm)].map(([, name = '', amount, unit]) => {
    const metric = `node_memory_${name.replace('(', '_').replace(')', '')}${unit ? '_bytes' : ''}`;
    return family(metric, 'gauge', `${name} of /proc/meminfo`, only(Number(amount) * (unit ? 1024 : 1)));
  });
}

function loadFamilies(text: string): string[] {
  const averages = text.split(' ').map(Number);
  return [1, 5, 15].map((minutes, index) =>
    family(`node_load${minutes}`, 'gauge', `Load of the last ${minutes} min`, only(averages[index])),
  );
}

const interfaceFields = ['bytes', 'packets', 'errs', 'drop', 'fifo', 'frame', 'compressed', 'multicast'];
const sentFields = ['bytes', 'packets', 'errs', 'drop', 'fifo', 'colls', 'carrier', 'compressed'];

function networkFamilies(text: string): string[] {
  const devices = text.split('\n').flatMap((line) => {
    const [device, counted] = line.split(':');
    return counted === undefined ? [] : [{ labels: { device: device?.trim() }, counters: counted.trim().split(/\s+/).map(Number) }];
  });
  const of = (way: string, fields: string[], offset: number) =>
    fields.map((field, index) =>
      family(
        `node_network_${way}_${field}_total`,
        'counter',
        `${field} of what network devices ${way}`,
        devices.map(({ labels, counters }) => ({ labels, value: counters[offset + index] })),
      ),
    );
  return [...of('receive', interfaceFields, 0), ...of('transmit', sentFields, interfaceFields.length)];
}

/** After major, minor and name. */
const diskColumns: [column: number, name: string, type: 'counter' | 'gauge', scale: number][] = [
  [0, 'reads_completed_total', 'counter', 1],
  [1, 'reads_merged_total', 'counter', 1],
  [2, 'read_bytes_total', 'counter', sectorBytes],
  [3, 'read_time_seconds_total', 'counter', 1 / 1000],
  [4, 'writes_completed_total', 'counter', 1],
  [5, 'writes_merged_total', 'counter', 1],
  [6, 'written_bytes_total', 'counter', sectorBytes],
  [7, 'write_time_seconds_total', 'counter', 1 / 1000],
  [8, 'io_now', 'gauge', 1],
  [9, 'io_time_seconds_total', 'counter', 1 / 1000],
  [10, 'io_time_weighted_seconds_total', 'counter', 1 / 1000],
];
const notDisks = /^(?:ram|loop|fd|sr)\d+$/;

function diskFamilies(text: string): string[] {
  const disks = text.split('\n').flatMap((line) => {
    const [, , device, ...counters] = line.trim().split(/\s+/);
    return device === undefined || notDisks.test(device) ? [] : [{ labels: { device }, counters: counters.map(Number) }];
  });
  return diskColumns.map(([column, name, type, scale]) =>
    family(
      `node_disk_${name}`,
      type,
      `${name} of disks`,
      disks.map(({ labels, counters }) => ({ labels, value: (counters[column] ?? 0) * scale })),
    ),
  );
}

const ofKernel =
  /^(?:autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|mqueue|nsfs|overlay|proc|pstore|securityfs|sysfs|tracefs)$/;
/** Of pods and containers: there are hundreds, and each has metrics of its own. */
const ofPods = /\/(?:pods|sandboxes|rootfs|shm)(?:\/|$)/;

async function fileSystems(mounts: string): Promise<string[]> {
  const found = mounts.split('\n').flatMap((line) => {
    const [device = '', mountpoint = '', fstype = ''] = line.split(' ');
    const isCounted = mountpoint !== '' && !ofKernel.test(fstype) && !ofPods.test(mountpoint);
    return isCounted ? [{ device, mountpoint: unescapedPath(mountpoint), fstype }] : [];
  });
  const measured = await Promise.all(found.map(async (labels) => ({ labels, ...(await sizesOf(labels.mountpoint)) })));
  const of = (name: string, help: string, value: (sizes: (typeof measured)[number]) => number | undefined) =>
    family(
      `node_filesystem_${name}`,
      'gauge',
      help,
      measured.map((one) => ({ labels: one.labels as Labels, value: value(one) })),
    );
  return [
    of('size_bytes', 'Size of file systems, in bytes', ({ sizes }) => sizes && sizes.blocks * sizes.bsize),
    of('free_bytes', 'Room in file systems, in bytes', ({ sizes }) => sizes && sizes.bfree * sizes.bsize),
    of('avail_bytes', 'Room for others than root, in bytes', ({ sizes }) => sizes && sizes.bavail * sizes.bsize),
    of('files', 'Inodes of file systems', ({ sizes }) => sizes?.files),
    of('files_free', 'Inodes that are free', ({ sizes }) => sizes?.ffree),
    of('device_error', 'One for a file system that cannot be measured', ({ sizes }) => (sizes ? 0 : 1)),
  ];
}

async function sizesOf(path: string) {
  try {
    return { sizes: await statfs(path) };
  } catch {
    // It counts as one that cannot be measured, whatever the reason: unmounted meanwhile, or a server that is away.
    return { sizes: undefined };
  }
}

function fileFamilies(text: string): string[] {
  const [allocated, , maximum] = text.trim().split(/\s+/).map(Number);
  return [
    family('node_filefd_allocated', 'gauge', 'Files that are open', only(allocated)),
    family('node_filefd_maximum', 'gauge', 'Files that may be open', only(maximum)),
  ];
}

/** Of /proc/net/snmp: a line of names, then one of values. */
function openConnections(text: string): number | undefined {
  const [names, values] = text.split('\n').filter((line) => line.startsWith('Tcp:'));
  const column = names?.split(' ').indexOf('CurrEstab') ?? -1;
  return column < 0 ? undefined : numberOf(values?.split(' ')[column]);
}
