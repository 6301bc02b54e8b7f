// Whether the agent of a server's machine has to join, which a machine that was off for long has to do again.
import 'reflect-metadata';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509CertificateGenerator } from '@peculiar/x509';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hasIdentity } from './certificates.ts';

const endsAt = new Date('2030-01-01T00:00:00Z');
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'berth-identity-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

async function joined(): Promise<void> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({ name: 'CN=system:node:one', keys, notAfter: endsAt });
  mkdirSync(join(directory, 'identity'));
  writeFileSync(
    join(directory, 'identity', 'node.pem'),
    `-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n${certificate.toString('pem')}\n`,
  );
}

test('an agent that has not joined has none', () => {
  expect(hasIdentity(directory, endsAt.getTime())).toBe(false);
});

test('one whose certificate ended while the machine was off has none any more', async () => {
  await joined();
  expect([-1, 1].map((afterMs) => hasIdentity(directory, endsAt.getTime() + afterMs))).toEqual([true, false]);
});
