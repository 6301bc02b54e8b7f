import { expect, test } from 'vitest';
import { listQuestion, refusalText } from './access-path.ts';

test.each([
  ['/api/v1/pods', { verb: 'list', group: '', resource: 'pods' }],
  ['/api/v1/namespaces/a%20b/pods', { verb: 'list', group: '', resource: 'pods', namespace: 'a b' }],
  ['/api/v1/namespaces', { verb: 'list', group: '', resource: 'namespaces' }],
  ['/apis/apps/v1/deployments', { verb: 'list', group: 'apps', resource: 'deployments' }],
  ['/apis/apps/v1/namespaces/shop/deployments', { verb: 'list', group: 'apps', resource: 'deployments', namespace: 'shop' }],
  ['/api/v1/namespaces/shop', undefined],
  ['/apis', undefined],
])('%s asks for %o', (path, question) => {
  expect(listQuestion(path)).toEqual(question);
});

test('a refusal says what and where', () => {
  expect(refusalText({ verb: 'list', group: '', resource: 'nodes' })).toBe('You may not list nodes of the whole cluster.');
  expect(refusalText({ verb: 'watch', group: 'apps', resource: 'deployments', namespace: 'shop' })).toBe(
    'You may not watch deployments.apps in namespace shop.',
  );
});
