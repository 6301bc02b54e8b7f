// Cgroups of pods on simulated nodes: they keep what they are told, and outlive the agent as those of a machine do.
import type { CgroupAmounts, CgroupMemory, PodCgroups } from './pod-cgroups.ts';

export class SimulatedPodCgroups implements PodCgroups {
  readonly #cgroups = new Map<string, CgroupAmounts>();
  /** What the pod of each cgroup uses. */
  readonly usedBytes = new Map<string, number>();

  of(path: string): CgroupAmounts | undefined {
    return this.#cgroups.get(path);
  }

  async set(path: string, amounts: CgroupAmounts, what: 'raised' | 'all'): Promise<void> {
    const before = this.#cgroups.get(path);
    const unlimited = { cpuShares: 0, cpuQuotaMicros: Number.POSITIVE_INFINITY, memoryLimitBytes: Number.POSITIVE_INFINITY };
    const next = { ...unlimited, ...before };
    for (const name of ['cpuShares', 'cpuQuotaMicros', 'memoryLimitBytes'] as const) {
      const amount = amounts[name];
      if (amount !== undefined && (what === 'all' || amount > next[name])) next[name] = amount;
    }
    this.#cgroups.set(path, next);
  }

  async memory(path: string): Promise<CgroupMemory | undefined> {
    const found = this.#cgroups.get(path);
    return found && { limitBytes: found.memoryLimitBytes ?? Number.POSITIVE_INFINITY, usedBytes: this.usedBytes.get(path) ?? 0 };
  }

  async known(path: string): Promise<string[]> {
    return [...this.#cgroups.keys()].flatMap((key) => (key.startsWith(`${path}/`) ? key.slice(path.length + 1) : []));
  }

  async remove(path: string): Promise<void> {
    this.#cgroups.delete(path);
    this.usedBytes.delete(path);
  }
}
