// `kubectl get` of certificate requests.
import { type Column, humanDuration } from '@berth/machinery';
import type { CertificateSigningRequest } from '../generated/certificates-v1.types.ts';
import { ageColumn, nameColumn, none, text } from './column.ts';

export const signingRequestColumns: Column<CertificateSigningRequest>[] = [
  nameColumn(),
  ageColumn(),
  text('SignerName', 'Who shall sign it', ({ spec }) => spec?.signerName || none),
  text('Requestor', 'Who asked for it', ({ spec }) => spec?.username),
  text('RequestedDuration', 'How long it shall be valid', ({ spec }) =>
    spec?.expirationSeconds === undefined ? none : humanDuration(spec.expirationSeconds * 1000),
  ),
  text('Condition', 'What was decided and done', condition),
];

function condition({ status }: CertificateSigningRequest): string {
  const types = new Set((status?.conditions ?? []).map(({ type }) => type));
  const decision = types.has('Denied') ? 'Denied' : types.has('Approved') ? 'Approved' : 'Pending';
  return decision + (types.has('Failed') ? ',Failed' : '') + (status?.certificate ? ',Issued' : '');
}
