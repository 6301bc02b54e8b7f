// Certificates that sign themselves, for tests of what serves them.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';

type CreateParameters = Parameters<typeof X509CertificateGenerator.createSelfSigned>[0];
type GeneratorCrypto = Parameters<typeof X509CertificateGenerator.createSelfSigned>[1];

const dayMs = 24 * 3_600_000;
const elliptic = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

interface SelfSignedOptions {
  /** A key of RSA, of that size, in place of an elliptic one. */
  rsaBits?: number;
  /** Unix milliseconds; a day ago and in a day, unless told otherwise. */
  beginsAtMs?: number;
  endsAtMs?: number;
}

/** PEM, both. */
export async function selfSigned(names: readonly string[], options: SelfSignedOptions = {}): Promise<{ certificate: string; key: string }> {
  const { rsaBits, beginsAtMs = Date.now() - dayMs, endsAtMs = Date.now() + dayMs } = options;
  const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: rsaBits ?? 0, publicExponent: new Uint8Array([1, 0, 1]) };
  const algorithm = rsaBits === undefined ? elliptic : rsa;
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: [{ CN: [names[0] ?? ''] }],
      keys: keys as unknown as CreateParameters['keys'],
      notBefore: new Date(beginsAtMs),
      notAfter: new Date(endsAtMs),
      signingAlgorithm: algorithm,
      extensions: [new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value })))],
    },
    webcrypto as unknown as GeneratorCrypto,
  );
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { certificate: `${certificate.toString('pem')}\n`, key: `${key}\n` };
}
