// What a pod's volumes come from, for tests: a node where nothing is.
import type { VolumeSources } from './volume-manager.ts';

export const noSources: VolumeSources = {
  ...{ podIps: [], hostIp: '10.0.0.1', allocatable: { cpuCores: 4, memoryBytes: 2 ** 33, storageBytes: 2 ** 36 } },
  configMap: () => undefined,
  secret: () => undefined,
  claim: () => undefined,
  persistentVolume: () => undefined,
  accountToken: () => Promise.reject(new Error('there are no tokens')),
  volumeSecret: () => undefined,
  csiDriver: () => undefined,
  volumeAttachment: () => undefined,
  node: () => undefined,
  claimExpanded: () => undefined,
  event: () => undefined,
  changed: () => undefined,
};
