// A key with a certificate that nothing but the key itself stands for: for those who are told which certificate to believe.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { cryptoProvider, KeyUsageFlags, KeyUsagesExtension, PemConverter, X509CertificateGenerator } from '@peculiar/x509';

cryptoProvider.set(webcrypto);

/** PEM, ECDSA on P-256. @param lifetimeMs from now on; a little before it, too, for peers whose clock is behind */
export async function selfSignedPair(name: string, nowMs: number, lifetimeMs: number): Promise<{ key: string; certificate: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    keys,
    notBefore: new Date(nowMs - backdateMs),
    notAfter: new Date(nowMs + lifetimeMs),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true)],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { key: `${key}\n`, certificate: `${certificate.toString('pem')}\n` };
}

const backdateMs = 24 * 60 * 60 * 1000;
