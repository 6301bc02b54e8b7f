import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@berth/api';
import { CertificateAuthority } from '@berth/pki';
import { systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { callFor, startTestServer } from '../test-server.ts';
import { tlsPairProblem } from './tls-secret-warnings.ts';

const block = (label: string) => `-----BEGIN ${label}-----\nYQ==\n-----END ${label}-----\n`;

test('a key and a certificate that do not belong together are told of in the words of crypto/tls', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-tls-'));
  const authority = await CertificateAuthority.open(folder.path, systemClock, 'test');
  const [one, other] = await Promise.all([authority.issueServing('a', ['localhost']), authority.issueServing('b', ['localhost'])]);
  expect(tlsPairProblem(one.certificate, one.key)).toBeUndefined();
  expect(tlsPairProblem(one.certificate, other.key)).toBe('tls: private key does not match public key');
  expect(tlsPairProblem(one.key, one.certificate)).toBe(
    'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
  );
  expect(tlsPairProblem(one.certificate, block('CERTIFICATE'))).toBe(
    'tls: found a certificate rather than a key in the PEM for the private key',
  );
  expect(tlsPairProblem(one.certificate, '')).toBe('tls: failed to find any PEM data in key input');
  expect(tlsPairProblem(one.certificate, block('PRIVATE KEY'))).toBe('tls: failed to parse private key');
});

test.each([
  ['', 'tls: failed to find any PEM data in certificate input'],
  [
    block('A') + block('B'),
    'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [A B]',
  ],
  [block('CERTIFICATE'), 'x509: malformed certificate'],
])('certificates %j are none', (certificates, problem) => {
  expect(tlsPairProblem(certificates, block('PRIVATE KEY'))).toBe(problem);
});

test('only secrets for TLS are looked at, and are kept', async () => {
  const { server } = await startTestServer();
  const create = (name: string, type: string) =>
    server.create(callFor(Secret, 'default'), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'default' },
      type,
      data: { 'tls.crt': 'YQ==', 'tls.key': 'YQ==' },
    });
  expect(await create('pair', 'kubernetes.io/tls')).toMatchObject({
    code: 201,
    warnings: ['tls: failed to find any PEM data in certificate input'],
  });
  expect(await create('plain', 'Opaque')).toMatchObject({ code: 201, warnings: [] });
});
