// What the node's conditions are made of: runtime and network as the runtime sees them, memory, disk and process ids as the
// kernel does.
import { readFile, statfs } from 'node:fs/promises';
import type { Runtime } from '@berth/runtime';
import type { NodeHealth } from './node-object.ts';

/** @param dataDirectory whose file system counts for disk pressure */
export async function hostHealth(runtime: Runtime, dataDirectory: string, runcAdvisory: string | undefined): Promise<NodeHealth> {
  const [health, memoryAvailableBytes, diskAvailableShare, pidsAvailableShare] = await Promise.all([
    runtime.health().catch((error: Error) => ({ runtime: error.message })),
    memoryAvailable(),
    diskAvailable(dataDirectory),
    pidsAvailable(),
  ]);
  return { ...health, memoryAvailableBytes, diskAvailableShare, pidsAvailableShare, ...(runcAdvisory !== undefined && { runcAdvisory }) };
}

async function memoryAvailable(): Promise<number> {
  const match = /^MemAvailable:\s+(\d+) kB/m.exec(await readFile('/proc/meminfo', 'utf8'));
  if (!match) throw new Error('/proc/meminfo does not state MemAvailable');
  return Number(match[1]) * 1024;
}

async function diskAvailable(directory: string): Promise<number> {
  const { bavail, blocks } = await statfs(directory);
  return blocks === 0 ? 1 : bavail / blocks;
}

/** The fourth field of /proc/loadavg is `running/total` of scheduling entities, threads among them, which pid_max bounds. */
async function pidsAvailable(): Promise<number> {
  const [load, max] = await Promise.all([readFile('/proc/loadavg', 'utf8'), readFile('/proc/sys/kernel/pid_max', 'utf8')]);
  const used = Number(load.split(' ')[3]?.split('/')[1] ?? 0);
  return 1 - used / Number(max);
}
