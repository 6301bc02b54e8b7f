// Only a certificate of this cluster's CA, in its time, for a node, says who an agent is.
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateAuthority } from '@berth/pki';
import { systemClock } from '@berth/telemetry';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodeOfCertificate } from './peer-identity.ts';

let directory: string;
let authority: CertificateAuthority;
let other: CertificateAuthority;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-identity-'));
  authority = await CertificateAuthority.open(join(directory, 'a'), systemClock);
  other = await CertificateAuthority.open(join(directory, 'b'), systemClock);
});
afterAll(() => rm(directory, { recursive: true }));

const dayMs = 24 * 60 * 60_000;
async function identify(issuer: CertificateAuthority, user: string, afterMs = 0): Promise<string> {
  const { certificate } = await issuer.issueClient(user, ['system:nodes'], dayMs);
  return nodeOfCertificate(new X509Certificate(certificate).raw, [new X509Certificate(authority.der)], systemClock.now() + afterMs);
}

it('names the node', async () => {
  await expect(identify(authority, 'system:node:one.example')).resolves.toBe('one.example');
});

it('refuses everything else', async () => {
  expect(() => nodeOfCertificate(undefined, [], 0)).toThrow('a node certificate is required');
  await expect(identify(other, 'system:node:one')).rejects.toThrow('was not issued by this cluster');
  await expect(identify(authority, 'system:node:one', 2 * dayMs)).rejects.toThrow('the certificate is valid from');
  await expect(identify(authority, 'system:node:one', -366 * dayMs)).rejects.toThrow('the certificate is valid from');
  await expect(identify(authority, 'kubernetes-admin')).rejects.toThrow('"kubernetes-admin" is not a node’s identity');
  const { certificate } = await authority.issueServing('system:node:one', ['localhost']);
  const now = systemClock.now();
  const server = () => nodeOfCertificate(new X509Certificate(certificate).raw, [new X509Certificate(authority.der)], now);
  expect(server).toThrow('not for client authentication');
});
