import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { cgroupSettings, HostPodCgroups, weightOf } from './pod-cgroups.ts';

const roots: string[] = [];
afterEach(async () => {
  for (const root of roots.splice(0)) await rm(root, { recursive: true });
});

const fresh = {
  v1: {
    'memory/pod1/memory.limit_in_bytes': '9223372036854771712\n',
    'memory/pod1/memory.usage_in_bytes': '4096\n',
    'cpu/pod1/cpu.cfs_period_us': '100000\n',
    'cpu/pod1/cpu.cfs_quota_us': '-1\n',
    'cpu/pod1/cpu.shares': '1024\n',
  },
  v2: {
    'cgroup.controllers': 'cpu memory\n',
    'pod1/memory.max': 'max\n',
    'pod1/memory.current': '4096\n',
    'pod1/cpu.max': 'max 100000\n',
    'pod1/cpu.weight': '100\n',
  },
};

/** Files as a kernel shows them for a cgroup that nobody has touched. */
async function machine(version: keyof typeof fresh) {
  const root = await mkdtemp(join(tmpdir(), 'berth-cgroups-'));
  roots.push(root);
  const put = async (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    }
  };
  await put(fresh[version]);
  const read = async (...names: string[]) => Promise.all(names.map(async (name) => (await readFile(join(root, name), 'utf8')).trim()));
  return { cgroups: new HostPodCgroups(root), put, read };
}

const v1 = ['memory/pod1/memory.limit_in_bytes', 'cpu/pod1/cpu.cfs_quota_us', 'cpu/pod1/cpu.shares'];
const v2 = ['pod1/memory.max', 'pod1/cpu.max', 'pod1/cpu.weight'];

test.each([
  [2, 1],
  [1024, 39],
  [262_144, 10_000],
  [1_000_000, 10_000],
])('a share of %i weighs %i', (shares, weight) => {
  expect(weightOf(shares)).toBe(weight);
});

test('amounts are written to the files of either version; what is not limited is written to none', () => {
  const files = (isUnified: boolean, amounts = { cpuShares: 512, cpuQuotaMicros: 50_000, memoryLimitBytes: 4096 }) =>
    cgroupSettings(amounts, isUnified).map(({ file, text }) => `${file} ${text}`);
  expect(files(false)).toEqual([
    'memory/*/memory.limit_in_bytes 4096',
    'cpu/*/cpu.cfs_period_us 100000',
    'cpu/*/cpu.cfs_quota_us 50000',
    'cpu/*/cpu.shares 512',
  ]);
  expect(files(true)).toEqual(['*/memory.max 4096', '*/cpu.max 50000 100000', '*/cpu.weight 20']);
  const shares = { cpuShares: 2 };
  expect([cgroupSettings(shares, false), cgroupSettings(shares, true)].map((all) => all.map(({ file }) => file))).toEqual([
    ['cpu/*/cpu.shares'],
    ['*/cpu.weight'],
  ]);
});

test.each([
  ['v1', v1, ['1048576', '20000', '2048'], ['2097152', '30000', '2048'], ['2097152', '30000', '102']],
  ['v2', v2, ['1048576', '20000 100000', '79'], ['2097152', '30000 100000', '79'], ['2097152', '30000 100000', '4']],
] as const)('%s: what is raised comes first, what is lowered only when all is asked for', async (version, files, first, raised, all) => {
  const { cgroups, read } = await machine(version);
  const small = { cpuShares: 2048, cpuQuotaMicros: 20_000, memoryLimitBytes: 2 ** 20 };
  await cgroups.set('/pod1', small, 'all');
  expect(await read(...files)).toEqual(first);
  const large = { cpuShares: 102, cpuQuotaMicros: 30_000, memoryLimitBytes: 2 ** 21 };
  await cgroups.set('/pod1', large, 'raised');
  expect(await read(...files)).toEqual(raised);
  await cgroups.set('/pod1', large, 'all');
  expect(await read(...files)).toEqual(all);
  await cgroups.set('/pod1', { cpuShares: 102 }, 'all');
  expect(await read(...files)).toEqual(all);
});

test.each(['v1', 'v2'] as const)('%s: memory is told with its limit, and one that is gone is left alone', async (version) => {
  const { cgroups } = await machine(version);
  const limitBytes = version === 'v1' ? Number('9223372036854771712') : Number.POSITIVE_INFINITY;
  expect(await cgroups.memory('/pod1')).toEqual({ limitBytes, usedBytes: 4096 });
  expect(await cgroups.memory('/gone')).toBeUndefined();
  await cgroups.set('/gone', { cpuShares: 2, cpuQuotaMicros: 1000, memoryLimitBytes: 4096 }, 'all');
  expect(await cgroups.memory('/gone')).toBeUndefined();
});
