// A secret for TLS whose key and certificate do not belong together is kept, with a warning. Kinds are pure and can compare no keys, so
// it is done beside them, in the words of Go's crypto/tls.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Secret } from '@berth/api';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { isKind } from './request-predicates.ts';

interface Block {
  label: string;
  pem: string;
}

const blockPattern = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n[A-Za-z0-9+/=\r\n]*-----END \1-----/g;
/** What a Secret may hold at most. */
const charactersMax = 1024 * 1024;
const knownKeys = new Set(['rsa', 'ec', 'ed25519']);

export class TlsSecretWarnings implements AdmissionPlugin {
  readonly name = 'TlsSecretWarnings';

  validate({ kind, object, warnings }: AdmissionRequest): void {
    if (!isKind(kind, '', 'Secret')) return;
    const { type, data = {} } = object as Secret;
    if (type !== 'kubernetes.io/tls') return;
    const text = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString('latin1');
    const problem = tlsPairProblem(text('tls.crt'), text('tls.key'));
    if (problem !== undefined) warnings.push(problem);
  }
}

/** Why a server could not use the two; undefined when it can. */
export function tlsPairProblem(certificates: string, keys: string): string | undefined {
  const certificateBlocks = blocksOf(certificates);
  const certificate = certificateBlocks.find(({ label }) => label === 'CERTIFICATE');
  if (!certificate) return withoutCertificate(certificateBlocks.map(({ label }) => label));
  const keyBlocks = blocksOf(keys);
  const key = keyBlocks.find(({ label }) => /(^| )PRIVATE KEY$/.test(label));
  if (!key) return withoutKey(keyBlocks.map(({ label }) => label));
  const parsed = parsedOrNone(() => new X509Certificate(certificate.pem));
  if (!parsed) return 'x509: malformed certificate';
  const privateKey = parsedOrNone(() => createPrivateKey(key.pem));
  if (!privateKey) return 'tls: failed to parse private key';
  return mismatch(parsed, privateKey);
}

function mismatch(certificate: X509Certificate, key: KeyObject): string | undefined {
  const { asymmetricKeyType: publicType = '' } = certificate.publicKey;
  if (!knownKeys.has(publicType)) return 'tls: unknown public key algorithm';
  if (!knownKeys.has(key.asymmetricKeyType ?? '')) return 'tls: found unknown private key type in PKCS#8 wrapping';
  if (publicType !== key.asymmetricKeyType) return 'tls: private key type does not match public key type';
  return certificate.checkPrivateKey(key) ? undefined : 'tls: private key does not match public key';
}

function withoutCertificate(labels: string[]): string {
  if (labels.length === 0) return 'tls: failed to find any PEM data in certificate input';
  if (labels.length === 1 && labels[0]?.endsWith('PRIVATE KEY'))
    return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched';
  return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${labels.join(' ')}]`;
}

function withoutKey(labels: string[]): string {
  if (labels.length === 0) return 'tls: failed to find any PEM data in key input';
  if (labels.length === 1 && labels[0] === 'CERTIFICATE')
    return 'tls: found a certificate rather than a key in the PEM for the private key';
  return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${labels.join(' ')}]`;
}

function blocksOf(text: string): Block[] {
  if (text.length > charactersMax) return [];
  return [...text.matchAll(blockPattern)].map(([pem, label = '']) => ({ label, pem }));
}

/** What cannot be read is what the caller tells of. */
function parsedOrNone<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
