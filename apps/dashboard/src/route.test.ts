import { expect, test } from 'vitest';
import { objectLink, parseRoute } from './route.ts';

test('links lead to where they say, also for names with dots', () => {
  const route = parseRoute(objectLink('Pod', 'kube-system', 'web-1.2') ?? '');
  expect([route.page, route.segments]).toEqual(['pods', ['kube-system', 'web-1.2']]);
  const claim = parseRoute(objectLink('PersistentVolumeClaim', 'd', 'data') ?? '');
  expect([claim.page, Object.fromEntries(claim.query)]).toEqual(['volumes', { namespace: 'd', name: 'data' }]);
});

test('kinds without a page have no link, and broken addresses lead nowhere worse than the overview', () => {
  expect(objectLink('Lease', 'd', 'x')).toBeUndefined();
  expect(parseRoute('').page).toBe('overview');
  expect(parseRoute('#/%E0%A4%A').page).toBe('%E0%A4%A');
});
