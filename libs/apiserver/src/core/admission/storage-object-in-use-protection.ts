// Claims, volumes and classes of their attributes are born with the finalizer that keeps them from vanishing under their users; the protection
// controllers take it off.
import type { KubeObject } from '@berth/machinery';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { creates } from './request-predicates.ts';

export class StorageObjectInUseProtection implements AdmissionPlugin {
  readonly name = 'StorageObjectInUseProtection';

  mutate(request: AdmissionRequest): void {
    if (creates(request, '', 'PersistentVolumeClaim')) protect(request.object, 'kubernetes.io/pvc-protection');
    if (creates(request, '', 'PersistentVolume')) protect(request.object, 'kubernetes.io/pv-protection');
    if (creates(request, 'storage.k8s.io', 'VolumeAttributesClass')) protect(request.object, 'kubernetes.io/vac-protection');
  }
}

function protect({ metadata }: KubeObject, finalizer: string): void {
  const { finalizers = [] } = metadata;
  if (!finalizers.includes(finalizer)) metadata.finalizers = [...finalizers, finalizer];
}
