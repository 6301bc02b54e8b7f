// What is served to clients that ask for a host without a certificate: a self-signed one, made once and kept, so that the proxy has no
// reason to load it again.
import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { Clock } from '@berth/telemetry';
import { PemConverter, X509CertificateGenerator } from '@peculiar/x509';

type CreateParameters = Parameters<typeof X509CertificateGenerator.createSelfSigned>[0];
type GeneratorCrypto = Parameters<typeof X509CertificateGenerator.createSelfSigned>[1];

const dayMs = 24 * 3_600_000;
const lifetimeMs = 5 * 365 * dayMs;
const renewedBeforeMs = 30 * dayMs;

/** PEM, with its key. @param file keeps it */
export async function fallbackCertificate(file: string, clock: Pick<Clock, 'now'>): Promise<string> {
  const kept = await readFile(file, 'latin1').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (kept !== undefined && endMs(kept) - clock.now() > renewedBeforeMs) return kept;
  const made = await makeCertificate(clock.now());
  await writeFile(file, made, { mode: 0o600 });
  return made;
}

/** Zero for what is no certificate. */
function endMs(pem: string): number {
  try {
    return Date.parse(new X509Certificate(pem).validTo);
  } catch {
    return 0;
  }
}

async function makeCertificate(nowMs: number): Promise<string> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: [{ CN: ['Berth ingress: no certificate for this host'] }],
      keys: keys as unknown as CreateParameters['keys'],
      notBefore: new Date(nowMs - dayMs),
      notAfter: new Date(nowMs + lifetimeMs),
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    },
    webcrypto as unknown as GeneratorCrypto,
  );
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return `${certificate.toString('pem')}\n${key}\n`;
}
