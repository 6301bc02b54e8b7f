// Who is at the other end of a gRPC call. The TLS layer asks for a client certificate without requiring or checking one, so
// that an agent without can join; so every call that needs an identity checks the certificate here, against the cluster's CA.
import { X509Certificate } from 'node:crypto';

export class IdentityError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'IdentityError';
  }
}

const prefix = 'system:node:';
const clientAuthentication = '1.3.6.1.5.5.7.3.2';

/** The node that a certificate (DER) proves; throws IdentityError. TLS has proven that the peer holds its key. */
export function nodeOfCertificate(raw: Uint8Array | undefined, authorities: X509Certificate[], nowMs: number): string {
  if (!raw) throw new IdentityError('a node certificate is required: join with a token first');
  const certificate = new X509Certificate(raw);
  const trusted = authorities.some((ca) => certificate.checkIssued(ca) && certificate.verify(ca.publicKey));
  if (!trusted) throw new IdentityError('the certificate was not issued by this cluster: join this cluster with a token');
  if (Date.parse(certificate.validFrom) > nowMs || Date.parse(certificate.validTo) < nowMs) {
    throw new IdentityError(
      `the certificate is valid from ${certificate.validFrom} to ${certificate.validTo} only: join again with a token`,
    );
  }
  if (!certificate.keyUsage?.includes(clientAuthentication)) throw new IdentityError('the certificate is not for client authentication');
  const names = certificate.subject.split('\n').filter((line) => line.startsWith('CN='));
  const name = names[0]?.slice('CN='.length) ?? '';
  if (names.length !== 1 || !name.startsWith(prefix)) throw new IdentityError(`${JSON.stringify(name)} is not a node’s identity`);
  return name.slice(prefix.length);
}
