// What the cgroup around a pod's containers allows them together: the runtime makes it and leaves it as it is. Works on cgroup v1
// (one tree a controller) and v2 (one tree). A cgroup that is not there (any more) is left alone.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupAmount, ifThere } from './cgroup-files.ts';
import { cgroupsIn, mountPoint, removeCgroup } from './cgroups.ts';

const periodMicros = 100_000;

export interface CgroupAmounts {
  /** Of the cpu while others want it too: 1024 for a cpu. */
  cpuShares: number;
  /** Of cpu in each 100 ms; absent to leave it as it is. */
  cpuQuotaMicros?: number;
  /** Absent to leave it as it is. */
  memoryLimitBytes?: number;
}

export interface CgroupMemory {
  /** Infinity without a limit. */
  limitBytes: number;
  usedBytes: number;
}

/** Paths are from the root of the hierarchy, e.g. `/berth-0/pod1234`. */
export interface PodCgroups {
  /** Sets what is not as given: everything, or only what becomes more by it. */
  set(path: string, amounts: CgroupAmounts, what: 'raised' | 'all'): Promise<void>;
  memory(path: string): Promise<CgroupMemory | undefined>;
  remove(path: string): Promise<void>;
  /** Names of the cgroups in this one. */
  known(path: string): Promise<string[]>;
}

/** One of them. */
export interface PodCgroup {
  set(amounts: CgroupAmounts, what: 'raised' | 'all'): Promise<void>;
  memory(): Promise<CgroupMemory | undefined>;
}

export function podCgroup(cgroups: PodCgroups, path: string): PodCgroup {
  return { set: (amounts, what) => cgroups.set(path, amounts, what), memory: () => cgroups.memory(path) };
}

/** One file of a cgroup. */
export interface CgroupSetting {
  /** Below the mount point, with `*` for the cgroup's path. */
  file: string;
  text: string;
  /** To compare with what the file holds. */
  amount: number;
}

/** In the order in which they are to be written. */
export function cgroupSettings({ cpuShares, cpuQuotaMicros, memoryLimitBytes }: CgroupAmounts, isUnified: boolean): CgroupSetting[] {
  const setting = (file: string, amount: number, text = String(amount)): CgroupSetting => ({ file, text, amount });
  const memory =
    memoryLimitBytes === undefined ? [] : [setting(isUnified ? '*/memory.max' : 'memory/*/memory.limit_in_bytes', memoryLimitBytes)];
  if (isUnified) {
    const quota = cpuQuotaMicros === undefined ? [] : [setting('*/cpu.max', cpuQuotaMicros, `${cpuQuotaMicros} ${periodMicros}`)];
    return [...memory, ...quota, setting('*/cpu.weight', weightOf(cpuShares))];
  }
  const quota =
    cpuQuotaMicros === undefined
      ? []
      : [setting('cpu/*/cpu.cfs_period_us', periodMicros), setting('cpu/*/cpu.cfs_quota_us', cpuQuotaMicros)];
  return [...memory, ...quota, setting('cpu/*/cpu.shares', cpuShares)];
}

/** From 2..262144 to 1..10000, as runc translates it for containers in version 2. */
export function weightOf(shares: number): number {
  return 1 + Math.floor(((Math.min(Math.max(shares, 2), 262_144) - 2) * 9_999) / 262_142);
}

export class HostPodCgroups implements PodCgroups {
  readonly #root: string;
  readonly #isUnified: boolean;

  /** @param root where cgroups are mounted */
  constructor(root = mountPoint) {
    this.#root = root;
    this.#isUnified = existsSync(join(root, 'cgroup.controllers'));
  }

  async set(path: string, amounts: CgroupAmounts, what: 'raised' | 'all'): Promise<void> {
    for (const { file, text, amount } of cgroupSettings(amounts, this.#isUnified)) {
      const name = this.#file(file, path);
      const current = await ifThere(readFile(name, 'utf8'));
      if (current === undefined) continue;
      const before = cgroupAmount(current);
      if (what === 'all' ? amount !== before : amount > before) await ifThere(writeFile(name, text));
    }
  }

  async memory(path: string): Promise<CgroupMemory | undefined> {
    const [limit, used] = this.#isUnified
      ? ['*/memory.max', '*/memory.current']
      : ['memory/*/memory.limit_in_bytes', 'memory/*/memory.usage_in_bytes'];
    const [limitText, usedText] = await Promise.all([limit, used].map((file) => ifThere(readFile(this.#file(file, path), 'utf8'))));
    if (limitText === undefined || usedText === undefined) return undefined;
    return { limitBytes: cgroupAmount(limitText), usedBytes: cgroupAmount(usedText) };
  }

  remove(path: string): Promise<void> {
    return removeCgroup(path);
  }

  known(path: string): Promise<string[]> {
    return cgroupsIn(path);
  }

  #file(pattern: string, path: string): string {
    return join(this.#root, pattern.replace('*', path));
  }
}
