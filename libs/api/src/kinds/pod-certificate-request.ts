// PodCertificateRequest: asks for a certificate for one pod.
import { defineKind } from '@berth/machinery';
import { ageColumn, nameColumn } from '../columns/column.ts';
import type { PodCertificateRequest as Type } from '../generated/certificates-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
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

  validate: (object) => validateMetadata(object, { scope: 'Namespaced', name: dnsSubdomain }),
  validateUpdate: validateMetadataUpdate,
  columns: [nameColumn(), ageColumn()],
  warnings: () => idleKind('podcertificaterequests'),
});
