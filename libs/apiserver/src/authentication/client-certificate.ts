// The user that a client certificate names: common name and organizations of the subject.
import type { TLSSocket } from 'node:tls';
import { StatusError } from '@berth/machinery';
import type { User } from '../core/types.ts';
import { authenticatedGroup, credentialIdKey } from './names.ts';

/** Undefined when none was shown. @throws StatusError 401 for one that our authority did not sign */
export function readCertificate(socket: TLSSocket): User | undefined {
  const certificate = socket.getPeerCertificate?.();
  if (!certificate || Object.keys(certificate).length === 0) return undefined;
  if (!socket.authorized) throw StatusError.unauthorized();
  const { CN, O } = certificate.subject as { CN?: string | string[]; O?: string | string[] };
  if (typeof CN !== 'string' || CN === '') throw StatusError.unauthorized();
  const organizations = O === undefined ? [] : [O].flat();
  const extra = { [credentialIdKey]: [`X509SHA256=${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`] };
  return { name: CN, groups: [...organizations, authenticatedGroup], extra };
}
