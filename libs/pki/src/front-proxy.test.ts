import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatedClock } from '@berth/telemetry/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { servingLifetimeMs } from './certificate-authority.ts';
import { FrontProxy } from './front-proxy.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-front-proxy-'));
});
afterEach(() => rm(directory, { recursive: true }));

test('its certificate is for clients, from an authority of its own that stays', async () => {
  const clock = new SimulatedClock();
  const proxy = await FrontProxy.open(directory, clock);
  const [first, second] = await Promise.all([proxy.credentials(), proxy.credentials()]);
  expect(first).toBe(second);
  const certificate = new X509Certificate(first.certificate);
  const authority = new X509Certificate(proxy.authority.pem);
  expect([certificate.subject, certificate.checkIssued(authority), certificate.verify(authority.publicKey)]).toEqual([
    'CN=front-proxy-client',
    true,
    true,
  ]);
  expect(authority.subject).toBe('CN=front-proxy-ca');
  const again = await FrontProxy.open(directory, clock);
  expect(again.requestHeaderData()).toEqual(proxy.requestHeaderData());
  expect(proxy.requestHeaderData()['requestheader-allowed-names']).toBe('["front-proxy-client"]');
});

test('it is made again before it ends', async () => {
  const clock = new SimulatedClock();
  const proxy = await FrontProxy.open(directory, clock);
  const first = await proxy.credentials();
  await clock.advance(servingLifetimeMs * 0.6);
  expect(await proxy.credentials()).toBe(first);
  await clock.advance(servingLifetimeMs * 0.1);
  const later = await proxy.credentials();
  expect(later.notAfterMs).toBeGreaterThan(first.notAfterMs);
});
