// The store with what the configuration names encrypted in it. After a start, everything that an older key encrypted, or
// none, is written again with the newest one, so that old keys can be taken out of the file.
import { EncryptedStore, type Store } from '@berth/store';
import type { Logger } from '@berth/telemetry';
import { kindPrefix } from '../core/keys.ts';
import { openEncryptionConfiguration } from './configuration.ts';

export interface EncryptionAtRest {
  store: Store;
  /** Resolves when every value is encrypted with the newest key; failures are logged, and tried again at the next start. */
  rewrap(): Promise<void>;
  /** Ends a rewrap; what it has not come to stays readable. */
  stop(): void;
}

/** @throws EncryptionConfigurationError */
export async function encryptionAtRest(inner: Store, file: string, logger: Logger): Promise<EncryptionAtRest> {
  const entries = await openEncryptionConfiguration(file);
  const stopping = new AbortController();
  const layers: EncryptedStore[] = [];
  let store = inner;
  for (const { resources, keyring } of entries) {
    const layer = new EncryptedStore({ store, keyring, prefixes: resources.map(kindPrefix) });
    layers.push(layer);
    store = layer;
  }
  return {
    store,
    stop: () => stopping.abort(),
    async rewrap() {
      try {
        let rewritten = 0;
        for (const layer of layers) rewritten += await layer.rewrap(stopping.signal);
        if (rewritten > 0) logger.info('encrypted with the newest key what was not', { values: rewritten, file });
      } catch (error) {
        logger.warn('some values in the store are not encrypted with the newest key yet', { error, file });
      }
    },
  };
}
