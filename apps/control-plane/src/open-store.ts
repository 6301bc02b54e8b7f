// The store that the configuration names.

import { readFile } from 'node:fs/promises';
import { type EtcdCredentials, EtcdStore, MemoryStore, rebased, SqliteStore, type Store } from '@berth/store';
import type { Ports } from '@berth/telemetry';
import { UsageError } from '@berth/telemetry/command-line';
import type { ControlPlaneConfig, EtcdFiles } from './config.ts';

/** As it was left, also where that was by a restore. @throws as openDriver, and Error when what a restore left is garbage */
export async function openStore(config: ControlPlaneConfig['store'], ports: Ports): Promise<Store> {
  const store = await openDriver(config, ports);
  try {
    return await rebased(store);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** @throws StoreFileError or StoreUnavailableError, naming what to do, or UsageError for a file that cannot be read */
export async function openDriver(config: ControlPlaneConfig['store'], ports: Ports): Promise<Store> {
  const { clock, random } = ports;
  const logger = ports.logger.with({ store: config.driver });
  switch (config.driver) {
    case 'memory':
      return new MemoryStore({ clock });
    case 'sqlite':
      return SqliteStore.open({ file: config.file, clock, logger });
    case 'etcd': {
      const { endpoints, tls } = config;
      const open = endpoints.find((endpoint) => endpoint.startsWith('http:'));
      if (open) logger.warn('etcd is reached without TLS: whoever else reaches it is administrator of this cluster', { endpoint: open });
      return EtcdStore.open({ endpoints, clock, random, logger, ...(tls && { credentials: await credentials(tls) }) });
    }
  }
}

async function credentials({ caFile, certificateFile, keyFile }: EtcdFiles): Promise<EtcdCredentials> {
  const rootCertificate = await read('--etcd-cafile', caFile);
  if (certificateFile === undefined || keyFile === undefined) return { rootCertificate };
  return { rootCertificate, certChain: await read('--etcd-certfile', certificateFile), privateKey: await read('--etcd-keyfile', keyFile) };
}

async function read(option: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UsageError(`${option}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
