import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Secret } from '@berth/api';
import { systemClock } from '@berth/telemetry';
import { selfSigned } from '@berth/testing';
import { expect, test } from 'vitest';
import { CertificateAuthority } from './certificate-authority.ts';
import { servingPair } from './serving-pair.ts';

const secret = (certificate?: string, key?: string): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's' },
  data: {
    ...(certificate !== undefined && { 'tls.crt': Buffer.from(certificate).toString('base64') }),
    ...(key !== undefined && { 'tls.key': Buffer.from(key).toString('base64') }),
  },
});

test('a certificate with its key is served with its chain, for the names that it is made for; all else is refused with the cause', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-pair-'));
  const authority = await CertificateAuthority.open(folder.path, systemClock, 'test');
  const [one, other] = await Promise.all([
    authority.issueServing('one', ['x.test', '*.x.test', '192.0.2.1']),
    authority.issueServing('other', ['y.test']),
  ]);
  const { pair } = servingPair(secret(`a comment\n${one.certificate}\n${authority.pem}`, one.key));
  expect(pair?.names).toEqual(['x.test', '*.x.test']);
  expect(pair?.certificate.match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(1);
  expect(pair?.certificate).not.toContain('comment');
  const problems: [string, Secret, string | RegExp][] = [
    ['nothing', secret(), 'it has no tls.crt and no tls.key'],
    ['no key', secret(one.certificate), 'it has no tls.key'],
    ['no PEM', secret('certificate', one.key), 'tls.crt holds no certificate in PEM'],
    ['another key', secret(one.certificate, other.key), 'tls.key is not the key of the certificate in tls.crt'],
    ['a broken certificate', secret('-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----', one.key), /cannot be read/],
    [
      'a broken chain',
      secret(`${one.certificate}-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n`, one.key),
      /cannot be read/,
    ],
    ['a broken key', secret(one.certificate, '-----BEGIN PRIVATE KEY-----\nYQ==\n-----END PRIVATE KEY-----'), /cannot be read/],
  ];
  for (const [what, wrong, problem] of problems) {
    const result = servingPair(wrong).problem;
    if (typeof problem === 'string') expect(result, what).toBe(problem);
    else expect(result, what).toMatch(problem);
  }
});

test('a key that is too short for the proxy is refused before it gets there', async () => {
  const { certificate, key } = await selfSigned(['x.test'], { rsaBits: 1024 });
  expect(servingPair(secret(certificate, key)).problem).toMatch(/too small/);
});
