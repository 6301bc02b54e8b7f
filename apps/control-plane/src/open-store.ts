// The store that the configuration names.
import { MemoryStore, type Store } from '@berth/store';
import type { ControlPlaneConfig, Ports } from './config.ts';

export async function openStore(config: ControlPlaneConfig['store'], { clock }: Ports): Promise<Store> {
  if (config.driver === 'memory') return new MemoryStore({ clock });
  throw new Error(`--store ${config.driver}: this driver is not in this build; use --store memory`);
}
