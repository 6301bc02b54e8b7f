// Conditions of webhooks: what they see, and what becomes of those that have no value.
import { ConfigMap, Pod } from '@berth/api';
import { describe, expect, test, vi } from 'vitest';
import { erased } from '../../kinds-by-name.ts';
import { type AdmissionFacts, MatchConditions, RequestObjects, RequestValues } from './index.ts';

const authorize = vi.fn((_user: unknown, attributes: object) => ({ allowed: 'verb' in attributes && attributes.verb === 'get' }));

async function valuesOf(parts: Partial<AdmissionFacts> = {}): Promise<RequestValues> {
  const facts: AdmissionFacts = {
    operation: 'UPDATE',
    user: { name: 'ann', groups: ['dev'], extra: { scopes: ['a'] } },
    kind: erased(ConfigMap),
    namespace: 'default',
    name: 'x',
    object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', labels: { app: 'web' }, generation: 2 } },
    old: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } },
    ...parts,
  };
  return new RequestValues({
    facts,
    objects: await new RequestObjects(facts).in(facts.kind),
    match: { resource: facts.kind, kind: facts.kind },
    authorizer: { authorize },
  });
}

const evaluate = async (expressions: string[], failurePolicy = 'Fail', parts: Partial<AdmissionFacts> = {}) =>
  new MatchConditions(
    expressions.map((expression, i) => ({ name: `c${i}`, expression })),
    failurePolicy,
  ).evaluate(await valuesOf(parts));

test.each([
  "object.metadata.name == 'x' && oldObject.metadata.name == 'x'",
  "object.metadata.labels.app == 'web' && !has(oldObject.metadata.labels)",
  'object.metadata.generation > 1',
  "request.operation == 'UPDATE' && request.name == 'x' && request.namespace == 'default'",
  "request.kind.kind == 'ConfigMap' && request.resource.resource == 'configmaps' && request.resource.group == ''",
  "request.userInfo.username == 'ann' && 'dev' in request.userInfo.groups && request.userInfo.extra['scopes'][0] == 'a'",
  '!request.dryRun && !has(request.subResource) && !has(request.userInfo.uid)',
  'namespaceObject == null',
  "authorizer.group('').resource('configmaps').namespace('default').check('get').allowed()",
  "!authorizer.path('/healthz').check('post').allowed() && authorizer.requestResource.check('get').allowed()",
  "!authorizer.serviceAccount('kube-system', 'robot').group('').resource('pods').subresource('log').name('p').check('list').allowed()",
  "authorizer.group('apps').resource('deployments').fieldSelector('a=b').labelSelector('c').check('get').reason() == ''",
])('holds: %s', async (expression) => {
  expect(await evaluate([expression])).toEqual({ matches: true });
});

test('the authorizer is asked about what was named', async () => {
  authorize.mockClear();
  await evaluate([
    "authorizer.serviceAccount('ns', 'robot').group('apps').resource('deployments').subresource('scale').namespace('a').name('b').check('get').allowed()",
  ]);
  expect(authorize).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ name: 'system:serviceaccount:ns:robot' }), {
    ...{ verb: 'get', group: 'apps', resource: 'deployments', subresource: 'scale', namespace: 'a', name: 'b' },
  });
});

describe('conditions of which one', () => {
  const broken = "object.data.absent == 'x'";

  test('does not hold settle it, whatever the others are', async () => {
    expect(await evaluate(['true', broken, 'false'])).toEqual({ matches: false });
  });

  test('has no value fail the request, or are no concern of it, as the failure policy says', async () => {
    const error = `expression '${broken}' resulted in error: no such key: data`;
    expect(await evaluate(['true', broken])).toEqual({ matches: false, error });
    expect((await evaluate([broken, broken])).error).toBe(`[${error}, ${error}]`);
    expect(await evaluate(['true', broken], 'Ignore')).toEqual({ matches: false });
  });

  test('cannot be compiled is such an error', async () => {
    expect((await evaluate(['params.x == 1'])).error).toContain(
      "compilation error: compilation failed: ERROR: <input>:1:1: undeclared reference to 'params'",
    );
    expect((await evaluate(['object.x'])).error).toBe('compilation error: must evaluate to bool but got dyn');
  });
});

test('what takes too much is ended, one alone and all together', async () => {
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, list: Array.from({ length: 2_000 }, (_, i) => i) };
  const parts = { kind: erased(Pod), object };
  const endless = 'object.list.all(x, object.list.all(y, x + y >= 0))';
  expect((await evaluate([endless], 'Fail', parts)).error).toBe(
    `expression '${endless}' resulted in error: operation cancelled: actual cost limit exceeded`,
  );
  expect((await evaluate([endless, endless, endless], 'Fail', parts)).error).toContain('running out of cost budget');
});

test('nothing is made of what no expression looks at', async () => {
  const object = {
    ...{ apiVersion: 'v1', kind: 'ConfigMap' },
    get metadata(): never {
      throw new Error('looked at');
    },
  };
  const values = await valuesOf({ object });
  expect(await new MatchConditions([{ name: 'c', expression: "request.name == 'x'" }], 'Fail').evaluate(values)).toEqual({ matches: true });
});
