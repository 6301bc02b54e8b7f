// ClusterTrustBundle: root certificates that pods may trust.
import { defineKind } from '@berth/machinery';
import { trustBundleColumns } from '../columns/certificates.ts';
import type { ClusterTrustBundle as Type } from '../generated/certificates-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { trustBundleName, validateTrustBundleSpec, validateTrustBundleUpdate } from '../validation/trust.ts';
import { idleKind } from '../warnings/idle-kind.ts';

export type ClusterTrustBundle = Type;

export const ClusterTrustBundle = defineKind<ClusterTrustBundle>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'ClusterTrustBundle',
  plural: 'clustertrustbundles',
  scope: 'Cluster',
  schema: schemas.message('certificates.v1.ClusterTrustBundle'),

  strategy: {
    requiresVersion: true,
    hasGeneration: false,
  },
  validate: (object) => [
    ...validateMetadata(object, { scope: 'Cluster', name: trustBundleName(object.spec?.signerName) }),
    ...validateTrustBundleSpec(object),
  ],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validateTrustBundleUpdate(next, old)],
  columns: trustBundleColumns,
  selectableFields: { 'spec.signerName': ({ spec }) => spec?.signerName ?? '' },
  warnings: () => idleKind('clustertrustbundles'),
});
