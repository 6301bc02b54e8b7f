import type { Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { kernelHostname, podHostname } from './pod-hostname.ts';

function podOf(name: string, spec: Partial<Pod['spec']> = {}): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop' }, spec: { containers: [], ...spec } };
}

const sixtyTwo = 'a'.repeat(62);

test.each([
  ['web', {}, 'web', ''],
  ['web', { hostname: 'h' }, 'h', ''],
  ['web', { hostname: 'h', subdomain: 's' }, 'h', 's.shop.svc.example.org'],
  ['web', { subdomain: 's' }, 'web', 's.shop.svc.example.org'],
  // hostnameOverride stands alone.
  ['web', { hostname: 'h', subdomain: 's', hostnameOverride: 'db.example.com' }, 'db.example.com', ''],
  ['this-pod-name-has-more-than-sixty-three-characters-in-it-and-no-dash-there', {}, expect.stringMatching(/^this-.*[a-z]$/), ''],
  [`${sixtyTwo}-bb-longer`, {}, sixtyTwo, ''],
  [`${'a'.repeat(60)}.-.-longer`, {}, 'a'.repeat(60), ''],
  ['b'.repeat(64), {}, 'b'.repeat(63), ''],
  ['web', { hostnameOverride: `${sixtyTwo}.-cut` }, sixtyTwo, ''],
])('%s with %o', (name, spec, hostname, domain) => {
  expect(podHostname(podOf(name, spec), 'example.org')).toEqual({ hostname, domain });
});

test('the kernel has the whole name when the pod wants that and has a domain', () => {
  const whole = { subdomain: 's', setHostnameAsFQDN: true };
  expect(kernelHostname(podOf('web', whole), 'cluster.local')).toBe('web.s.shop.svc.cluster.local');
  expect(kernelHostname(podOf('web', { ...whole, setHostnameAsFQDN: false }), 'cluster.local')).toBe('web');
  expect(kernelHostname(podOf('web', { setHostnameAsFQDN: true }), 'cluster.local')).toBe('web');
  // '.s.shop.svc.cluster.local' is 25 characters: 39 more are 64, which fits.
  expect(kernelHostname(podOf('w'.repeat(39), whole), 'cluster.local')).toHaveLength(64);
  expect(() => kernelHostname(podOf('w'.repeat(40), whole), 'cluster.local')).toThrow(
    `failed to construct FQDN from pod hostname and cluster domain, FQDN ${'w'.repeat(40)}.s.shop.svc.cluster.local is too long (64 characters is the max, 65 characters requested)`,
  );
});
