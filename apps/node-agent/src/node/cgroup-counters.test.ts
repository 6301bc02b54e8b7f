import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HostCgroupReader, interfaceCounters } from './cgroup-counters.ts';

const path = '/berth-0/pod1/c1';
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cgroup-'));
});
afterEach(() => rm(root, { recursive: true }));

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = join(root, name.replace('*', path));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

const expected = {
  cpu: { usage: 12.5, user: 10, system: 2.5 },
  throttling: { periods: 100, throttledPeriods: 40, throttled: 3 },
  memory: {
    usageBytes: 9000,
    maxUsageBytes: 9500,
    workingSetBytes: 8000,
    rssBytes: 5000,
    cacheBytes: 3000,
    mappedFileBytes: 200,
    swapBytes: 64,
    failures: 7,
    oomKills: 2,
    limitBytes: 10_000,
  },
  disks: new Map([['254:0', { readBytes: 4096, writtenBytes: 8192, reads: 1, writes: 2 }]]),
  processes: 2,
  threads: 5,
};

it('reads cgroup v2', async () => {
  await write({
    'cgroup.controllers': 'cpu memory',
    '*/cpu.stat': 'usage_usec 12500000\nuser_usec 10000000\nsystem_usec 2500000\nnr_periods 100\nnr_throttled 40\nthrottled_usec 3000000\n',
    '*/memory.current': '9000\n',
    '*/memory.peak': '9500\n',
    '*/memory.stat': 'anon 5000\nfile 3000\nfile_mapped 200\ninactive_file 1000\n',
    '*/memory.swap.current': '64\n',
    '*/memory.events': 'low 0\nmax 7\noom_kill 2\n',
    '*/memory.max': '10000\n',
    '*/io.stat': '254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n8:0 \n',
    '*/cgroup.procs': '10\n11\n',
    '*/pids.current': '5\n',
  });
  expect(await new HostCgroupReader(root).counters(path)).toEqual(expected);
});

it('reads cgroup v1', async () => {
  await write({
    'cpuacct/*/cpuacct.usage': '12500000000\n',
    'cpuacct/*/cpuacct.stat': 'user 1000\nsystem 250\n',
    'cpu/*/cpu.stat': 'nr_periods 100\nnr_throttled 40\nthrottled_time 3000000000\n',
    'memory/*/memory.usage_in_bytes': '9000\n',
    'memory/*/memory.max_usage_in_bytes': '9500\n',
    'memory/*/memory.stat':
      'cache 1\nrss 1\ntotal_cache 3000\ntotal_rss 5000\ntotal_mapped_file 200\ntotal_swap 64\ntotal_inactive_file 1000\n',
    'memory/*/memory.failcnt': '7\n',
    'memory/*/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
    'memory/*/memory.limit_in_bytes': '10000\n',
    'memory/*/cgroup.procs': '10\n11\n',
    'blkio/*/blkio.throttle.io_service_bytes': '254:0 Read 4096\n254:0 Write 8192\n254:0 Sync 0\nTotal 12288\n',
    'blkio/*/blkio.throttle.io_serviced': '254:0 Read 1\n254:0 Write 2\nTotal 3\n',
    'pids/*/pids.current': '5\n',
  });
  expect(await new HostCgroupReader(root).counters(path)).toEqual(expected);
  await write({ 'memory/*/memory.limit_in_bytes': '9223372036854771712\n' });
  expect((await new HostCgroupReader(root).counters(path))?.memory.limitBytes).toBe(Number.POSITIVE_INFINITY);
});

it('knows nothing of a cgroup that is gone, in neither version', async () => {
  expect(await new HostCgroupReader(root).counters(path)).toBeUndefined();
  expect(await new HostCgroupReader(root).interfaces(path)).toBeUndefined();
  await write({ 'cgroup.controllers': '' });
  expect(await new HostCgroupReader(root).counters(path)).toBeUndefined();
});

it('reads the interfaces of the network that its processes are in', async () => {
  await write({ 'cgroup.controllers': '', '*/cgroup.procs': `${process.pid}\n` });
  const found = await new HostCgroupReader(root).interfaces(path);
  expect(found?.every(({ name }) => name !== 'lo')).toBe(true);
  const table = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       2    0    0    0     0          0         0      100       2    0    0    0     0       0          0
  eth0:123456789    1000    1    2    0     0          0         0  987654     900    3    4    0     0       0          0
`;
  expect(interfaceCounters(table)).toEqual([
    {
      name: 'eth0',
      received: { bytes: 123_456_789, packets: 1000, errors: 1, dropped: 2 },
      sent: { bytes: 987_654, packets: 900, errors: 3, dropped: 4 },
    },
  ]);
});
