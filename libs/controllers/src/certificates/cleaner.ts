// Requests for certificates are of no use once they were answered, or nobody answers: they go after Kubernetes' times.
import { X509Certificate } from 'node:crypto';
import { CertificateSigningRequest } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';

const hourMs = 60 * 60 * 1000;
const answeredMs = hourMs;
const pendingMs = 24 * hourMs;

export const certificateCleaner: Controller<CertificateSigningRequest> = {
  name: 'certificatesigningrequest-cleaner-controller',
  owns: [],
  writes: ['certificatesigningrequests.certificates.k8s.io'],
  watches: [watches(CertificateSigningRequest, ({ metadata }) => [metadata.name])],
  observe: (name, caches) => caches.of(CertificateSigningRequest).get(name),
  plan(request, now): Action[] {
    const { name, uid = '', deletionTimestamp } = request.metadata;
    if (deletionTimestamp) return [];
    const dueMs = dueAtMs(request);
    if (dueMs === undefined) return [];
    if (now < dueMs) return [{ type: 'requeue', afterMs: dueMs - now }];
    return [{ type: 'delete', kind: erased(CertificateSigningRequest), key: { name }, uid }];
  },
};

/** Undefined for a request that was approved and waits for a signer of somebody else's. */
function dueAtMs({ metadata, status }: CertificateSigningRequest): number | undefined {
  const conditions = status?.conditions ?? [];
  const created = Date.parse(metadata.creationTimestamp ?? '');
  if (conditions.length === 0) return created + pendingMs;
  const last = Math.max(...conditions.map(({ lastUpdateTime }) => Date.parse(lastUpdateTime ?? '') || created));
  if (conditions.some(({ type }) => type === 'Denied' || type === 'Failed')) return last + answeredMs;
  const expiresAtMs = expiryOf(status?.certificate);
  return status?.certificate ? Math.min(last + answeredMs, expiresAtMs) : undefined;
}

function expiryOf(certificate: string | undefined): number {
  try {
    return certificate ? new X509Certificate(Buffer.from(certificate, 'base64')).validToDate.getTime() : Number.POSITIVE_INFINITY;
  } catch {
    // Signers may deliver what we cannot read; its age decides then.
    return Number.POSITIVE_INFINITY;
  }
}
