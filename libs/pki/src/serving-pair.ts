// A Secret as a certificate that a proxy can serve, or why it is none. Proxies refuse their whole configuration for one bad certificate, so
// that nothing gets to one that has not passed here.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { Secret } from '@berth/api';

export interface ServingPair {
  /** PEM, with whatever stands behind the first one in its chain. */
  certificate: string;
  /** PEM. */
  key: string;
  /** That it is for: DNS names, wildcards among them. */
  names: string[];
}

export type ServingPairResult = { pair: ServingPair; problem?: never } | { pair?: never; problem: string };

const pemCertificate = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const dnsName = /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
/** Secrets are shared with caches and never change. */
const results = new WeakMap<Secret, ServingPairResult>();

export function servingPair(secret: Secret): ServingPairResult {
  const known = results.get(secret);
  if (known) return known;
  const result = read(secret);
  results.set(secret, result);
  return result;
}

function read({ data = {} }: Secret): ServingPairResult {
  const missing = ['tls.crt', 'tls.key'].filter((entry) => !data[entry]);
  if (missing.length > 0) return { problem: `it has no ${missing.join(' and no ')}` };
  try {
    const blocks = text(data['tls.crt']).match(pemCertificate) ?? [];
    const [first, ...chain] = blocks.map((block) => new X509Certificate(block));
    if (!first) return { problem: 'tls.crt holds no certificate in PEM' };
    const key = createPrivateKey(text(data['tls.key']));
    if (!first.checkPrivateKey(key)) return { problem: 'tls.key is not the key of the certificate in tls.crt' };
    const pem = {
      certificate: [first, ...chain].map((each) => each.toString()).join(''),
      key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
    // Also refuses keys that are too short to be used.
    createSecureContext({ cert: pem.certificate, key: pem.key });
    return { pair: { ...pem, names: namesOf(first) } };
  } catch (error) {
    return { problem: `tls.crt and tls.key cannot be read: ${(error as Error).message}` };
  }
}

function text(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString('latin1');
}

function namesOf({ subjectAltName = '', subject }: X509Certificate): string[] {
  const alternatives = [...subjectAltName.matchAll(/DNS:([^,\s"]+)/g)].map(([, name = '']) => name.toLowerCase());
  const common = /^CN=(.+)$/m.exec(subject)?.[1]?.toLowerCase();
  const names = alternatives.length > 0 ? alternatives : common ? [common] : [];
  return [...new Set(names)].filter((name) => dnsName.test(name));
}
