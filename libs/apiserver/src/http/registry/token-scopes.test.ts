import { expect, test } from 'vitest';
import { accessFor, callsOf, scopesOf } from './token-scopes.ts';

test('scopes as clients ask for them, several in one text or each in its own', () => {
  expect(scopesOf(['repository:shop/app:pull,push repository:other/app:pull', 'registry:catalog:*'])).toEqual([
    { type: 'repository', name: 'shop/app', actions: ['pull', 'push'] },
    { type: 'repository', name: 'other/app', actions: ['pull'] },
    { type: 'registry', name: 'catalog', actions: ['*'] },
  ]);
  expect(scopesOf(['repository(plugin):shop/app:*'])).toEqual([
    { type: 'repository', name: 'shop/app', actions: ['pull', 'push', 'delete'] },
  ]);
});

test.each([
  '',
  'repository:shop/app',
  'repository:../app:push',
  'repository:shop//app:push',
  'repository:/shop:push',
  'repository:Shop:push',
])('%j is no scope, and allows nothing', (text) => expect(scopesOf([text])).toEqual([]));

test('what is no action of a registry is left out', () => {
  expect(scopesOf(['repository:app:pull,own,constructor', 'registry:other:*'])).toEqual([
    { type: 'repository', name: 'app', actions: ['pull'] },
  ]);
});

test('a push needs every method that it consists of', () => {
  const access = { type: 'repository' as const, name: 'shop/app', actions: [] };
  expect(callsOf(access, 'push').map(({ verb, path }) => `${verb} ${path}`)).toEqual([
    ...['post /v2/shop/app', 'put /v2/shop/app', 'patch /v2/shop/app'],
  ]);
  expect(callsOf(access, 'pull')).toEqual([{ verb: 'get', path: '/v2/shop/app' }]);
});

test('what a request that is passed on needs: of a repository whatever its name is', () => {
  const of = (method: string, path: string, from?: string) => accessFor(method, path.split('/').slice(1), from);
  expect(of('GET', '/v2/shop/blobs/x/manifests/1')).toEqual([{ type: 'repository', name: 'shop/blobs/x', actions: ['pull'] }]);
  expect(of('DELETE', '/v2/shop/app/manifests/sha256:1')).toEqual([{ type: 'repository', name: 'shop/app', actions: ['delete'] }]);
  expect(of('POST', '/v2/shop/app/blobs/uploads', 'base/os')).toEqual([
    { type: 'repository', name: 'shop/app', actions: ['pull', 'push'] },
    { type: 'repository', name: 'base/os', actions: ['pull'] },
  ]);
  expect(of('GET', '/v2/_catalog')).toEqual([{ type: 'registry', name: 'catalog', actions: ['*'] }]);
  expect(of('GET', '/v2')).toEqual([]);
});
