// What a claim is filled from, by its older field and by its newer one: each is filled in from the other, and the older one keeps
// only what it was made for.
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../generated/core-v1.types.ts';

export function preparePersistentVolumeClaim(claim: PersistentVolumeClaim, old?: PersistentVolumeClaim): void {
  const { spec } = claim;
  if (!old?.spec.dataSource && !spec.dataSourceRef && !isClaimOrSnapshot(spec)) delete spec.dataSource;
  const { dataSource, dataSourceRef } = spec;
  if (dataSource && !dataSourceRef) spec.dataSourceRef = { ...dataSource };
  if (dataSourceRef && !dataSource && !dataSourceRef.namespace) {
    const { apiGroup, kind, name } = dataSourceRef;
    spec.dataSource = { ...(apiGroup !== undefined && { apiGroup }), kind, name };
  }
}

function isClaimOrSnapshot({ dataSource }: PersistentVolumeClaimSpec): boolean {
  if (dataSource?.kind === 'VolumeSnapshot') return dataSource.apiGroup === 'snapshot.storage.k8s.io';
  return dataSource?.kind === 'PersistentVolumeClaim' && !dataSource.apiGroup;
}
