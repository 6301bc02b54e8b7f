// The store that the configuration names.
import { MemoryStore, SqliteStore, type Store } from '@berth/store';
import type { ControlPlaneConfig, Ports } from './config.ts';

export async function openStore(config: ControlPlaneConfig['store'], { clock, logger }: Ports): Promise<Store> {
  if (config.driver === 'memory') return new MemoryStore({ clock });
  if (config.driver === 'sqlite') return SqliteStore.open({ file: config.file, clock, logger: logger.with({ store: 'sqlite' }) });
  throw new Error(`--store ${config.driver}: this driver is not in this build; use --store sqlite`);
}
