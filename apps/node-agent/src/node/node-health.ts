// What the node's readiness is made of: runtime and network as the runtime sees them; and how full its disk is.
import { statfs } from 'node:fs/promises';
import type { Runtime } from '@berth/runtime';
import type { NodeHealth } from './node-object.ts';

/** @param dataDirectory whose file system is the node's */
export async function hostHealth(runtime: Runtime, dataDirectory: string, runcAdvisory: string | undefined): Promise<NodeHealth> {
  const [health, { bavail, blocks }] = await Promise.all([
    runtime.health().catch((error: Error) => ({ runtime: error.message })),
    statfs(dataDirectory),
  ]);
  return { ...health, diskAvailableShare: blocks === 0 ? 1 : bavail / blocks, ...(runcAdvisory !== undefined && { runcAdvisory }) };
}
