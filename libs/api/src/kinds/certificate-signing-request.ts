// CertificateSigningRequest: asks for a client or serving certificate.
import { defineKind } from '@berth/machinery';
import { signingRequestColumns } from '../columns/certificates.ts';
import type { CertificateSigningRequest as Type } from '../generated/certificates-v1.types.ts';
import { schemas } from '../schemas.ts';
import { prepareSigningApproval, prepareSigningStatus } from '../strategies/signing-request.ts';
import { validateSigningApproval, validateSigningRequestFields, validateSigningStatusUpdate } from '../validation/certificates.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { pathSegment } from '../validation/names.ts';

export type CertificateSigningRequest = Type;

export const CertificateSigningRequest = defineKind<CertificateSigningRequest>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  scope: 'Cluster',
  shortNames: ['csr'],
  schema: schemas.message('certificates.v1.CertificateSigningRequest'),
  description: 'Asks a signer for a certificate, which is issued once somebody has approved of it.',
  subresources: {
    status: true,
    other: [
      {
        name: 'approval',
        kind: 'CertificateSigningRequest',
        group: 'certificates.k8s.io',
        version: 'v1',
        verbs: ['get', 'patch', 'update'],
      },
    ],
  },

  strategy: {
    resets: ['spec'],
    hasGeneration: false,
    // What was asked for stays; changes are dropped, not refused.
    prepareForUpdate: (next, old) => {
      next.spec = old.spec;
    },
    prepareForStatusUpdate: prepareSigningStatus,
    partialUpdates: {
      approval: {
        changesStatus: true,
        changesMetadata: true,
        prepare: prepareSigningApproval,
        validate: validateSigningApproval,
        applied: ({ status }) => ({ ...(status?.conditions && { status: { conditions: status.conditions } }) }),
      },
    },
  },
  validate: (object) => [...validateMetadata(object, { scope: 'Cluster', name: pathSegment }), ...validateSigningRequestFields(object)],
  validateUpdate: validateMetadataUpdate,
  validateStatusUpdate: validateSigningStatusUpdate,
  columns: signingRequestColumns,
  selectableFields: { 'spec.signerName': ({ spec }) => spec?.signerName ?? '' },
});
