import { expect, test } from 'vitest';
import { kindLink, objectLink, parseRoute } from './route.ts';

test('links lead to where they say, also for names with dots', () => {
  const route = parseRoute(objectLink('Pod', 'kube-system', 'web-1.2') ?? '');
  expect([route.page, route.segments]).toEqual(['pods', ['kube-system', 'web-1.2']]);
  const claim = parseRoute(objectLink('PersistentVolumeClaim', 'd', 'data') ?? '');
  expect([claim.page, claim.segments]).toEqual(['object', ['core', 'PersistentVolumeClaim', 'd', 'data']]);
  const custom = parseRoute(objectLink('Website', undefined, 'a b', 'example.com/v1') ?? '');
  expect(custom.segments).toEqual(['example.com', 'Website', '-', 'a b']);
  const list = parseRoute(kindLink({ group: '', resource: 'secrets' }, { labels: 'app in (a,b)' }));
  expect([list.segments, list.query.get('labels')]).toEqual([['core', 'secrets'], 'app in (a,b)']);
});

test('a kind of the same name in another group is another kind', () => {
  expect(objectLink('Service', 'd', 'x', 'serving.knative.dev/v1')).toBe('#/object/serving.knative.dev/Service/d/x');
  expect(objectLink('Pod', 'd', 'x', 'v1')).toBe('#/pods/d/x');
});

test('kinds that are not known have no link, and broken addresses lead nowhere worse than the overview', () => {
  expect(objectLink('Widget', 'd', 'x')).toBeUndefined();
  expect(parseRoute('').page).toBe('overview');
  expect(parseRoute('#/%E0%A4%A').page).toBe('%E0%A4%A');
});
