import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { measureCertificates } from './certificate-metrics.ts';

test('each certificate is measured as it is when it is asked for', async () => {
  const registry = new Registry();
  const apiServing = { endsAtMs: 90_000 };
  const pki = { authority: { certificate: { notAfter: new Date(1_000_000) } }, apiServing, gatewayServing: { endsAtMs: 5_000 } };
  measureCertificates(pki, registry, { now: () => 10_000 });
  apiServing.endsAtMs = 60_000;
  expect((await registry.metrics()).split('\n').filter((line) => !line.startsWith('#') && line !== '')).toEqual([
    'berth_certificate_ttl_seconds{certificate="the authority of the cluster"} 990',
    'berth_certificate_ttl_seconds{certificate="the API server"} 50',
    'berth_certificate_ttl_seconds{certificate="the gateway of nodes"} -5',
  ]);
});
