import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempDisposable, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fallbackCertificate } from './fallback-certificate.ts';

test('one certificate is kept until it is about to end, or lies there broken; its key is read by its owner alone', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-fallback-'));
  const file = join(folder.path, 'fallback.pem');
  let nowMs = Date.UTC(2026, 0, 1);
  const clock = { now: () => nowMs };
  const first = await fallbackCertificate(file, clock);
  expect(new X509Certificate(first).checkPrivateKey(createPrivateKey(first))).toBe(true);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await fallbackCertificate(file, clock)).toBe(first);
  nowMs = Date.parse(new X509Certificate(first).validTo) - 24 * 3_600_000;
  const second = await fallbackCertificate(file, clock);
  expect(Date.parse(new X509Certificate(second).validTo)).toBeGreaterThan(nowMs + 365 * 24 * 3_600_000);
  await writeFile(file, second.slice(0, 100));
  const third = await fallbackCertificate(file, clock);
  expect(new X509Certificate(third).subject).toContain('Berth ingress');
  expect(await fallbackCertificate(file, clock)).toBe(third);
});
