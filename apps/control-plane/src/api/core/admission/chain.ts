// The plugins that every API server runs, in order.
import { Namespace, StorageClass } from '@berth/api';
import type { Random } from '@berth/telemetry';
import type { Committer } from '../commit.ts';
import { erased } from '../kinds-by-name.ts';
import type { WatchCache } from '../watch-cache.ts';
import type { AdmissionPlugin } from './admission.ts';
import { DefaultStorageClass } from './default-storage-class.ts';
import { NamespaceLifecycle } from './namespace-lifecycle.ts';
import { ServiceAllocation } from './service-allocation.ts';

export interface AdmissionOptions {
  serviceCidr: string;
  clusterDns: string;
  nodePortRange: { from: number; to: number };
  random: Random;
  cache: WatchCache;
  committer: Committer;
}

export function createAdmission(options: AdmissionOptions): AdmissionPlugin[] {
  const { cache, committer } = options;
  return [
    new NamespaceLifecycle((name) => committer.recent(erased(Namespace), undefined, name)),
    new DefaultStorageClass(() => [...cache.of(erased(StorageClass)).all()].map((entry) => entry.object as StorageClass)),
    new ServiceAllocation({ ...options, reserved: (prefix) => cache.reserved(prefix) }),
  ];
}
