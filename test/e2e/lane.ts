// Which of the clusters that run side by side this file has for itself: that of its worker (vitest numbers workers from 1).
import { env } from 'node:process';
import { inject } from 'vitest';
import type { Lane } from './cluster-setup.ts';

export function lane(): Lane {
  const lanes = inject('lanes');
  const found = lanes[Number(env.VITEST_POOL_ID) - 1];
  if (!found) throw new Error(`there are ${lanes.length} clusters, and none for worker ${env.VITEST_POOL_ID}`);
  return found;
}
