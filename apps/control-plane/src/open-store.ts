// The store that the configuration names.
import { EtcdStore, MemoryStore, SqliteStore, type Store } from '@berth/store';
import type { ControlPlaneConfig, Ports } from './config.ts';

/** @throws StoreFileError or StoreUnavailableError, naming what to do */
export async function openStore(config: ControlPlaneConfig['store'], ports: Ports): Promise<Store> {
  const { clock, random } = ports;
  const logger = ports.logger.with({ store: config.driver });
  switch (config.driver) {
    case 'memory':
      return new MemoryStore({ clock });
    case 'sqlite':
      return SqliteStore.open({ file: config.file, clock, logger });
    case 'etcd':
      return EtcdStore.open({ endpoints: config.endpoints, clock, random, logger });
  }
}
