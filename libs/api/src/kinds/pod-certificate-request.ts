// PodCertificateRequest: asks for a certificate for one pod.
import { defineKind, statusMetadata } from '@berth/machinery';
import { podCertificateColumns } from '../columns/certificates.ts';
import type { PodCertificateRequest as Type } from '../generated/certificates-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { validatePodCertificateFields, validatePodCertificateStatus, validatePodCertificateUpdate } from '../validation/trust.ts';
import { idleKind } from '../warnings/idle-kind.ts';

export type PodCertificateRequest = Type;

export const PodCertificateRequest = defineKind<PodCertificateRequest>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'PodCertificateRequest',
  plural: 'podcertificaterequests',
  scope: 'Namespaced',
  schema: schemas.message('certificates.v1.PodCertificateRequest'),
  subresources: {
    status: true,
  },

  strategy: {
    requiresVersion: true,
    hasGeneration: false,
    statusKeeps: statusMetadata,
  },
  defaults: (object) => {
    if (object.spec) object.spec.maxExpirationSeconds ??= 86_400;
  },
  validate: (object) => [...validateMetadata(object, { scope: 'Namespaced', name: dnsSubdomain }), ...validatePodCertificateFields(object)],
  validateUpdate: (next, old) => [...validateMetadataUpdate(next, old), ...validatePodCertificateUpdate(next, old)],
  validateStatusUpdate: validatePodCertificateStatus,
  columns: podCertificateColumns,
  selectableFields: {
    'spec.signerName': ({ spec }) => spec?.signerName ?? '',
    'spec.podName': ({ spec }) => spec?.podName ?? '',
    'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
  },
  warnings: () => idleKind('podcertificaterequests'),
});
