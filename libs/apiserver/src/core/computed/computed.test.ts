// Kinds of which nothing is stored, asked for as every other kind is: reviews, bindings, metrics.
import {
  Binding,
  LocalSubjectAccessReview,
  Namespace,
  Node,
  NodeMetrics,
  Pod,
  PodMetrics,
  SelfSubjectAccessReview,
  SelfSubjectReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
} from '@berth/api';
import { expect, test } from 'vitest';
import { everything, started } from '../admission/webhooks/webhook-fixture.ts';
import { admin, callFor, pod, startTestServer } from '../test-server.ts';
import { tokenReviews } from './token-reviews.ts';

const nodes = { verb: 'list', resource: 'nodes' };
const version = 'authorization.k8s.io/v1';
const review = (spec: SubjectAccessReview['spec'], metadata: { name: string; namespace?: string } = { name: '' }): SubjectAccessReview => ({
  apiVersion: version,
  kind: 'SubjectAccessReview',
  metadata,
  spec,
});
const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, spec: {} };

test('a review answers what was asked, and says who asked', async () => {
  const { client } = await startTestServer();
  const answer = await client.create(SubjectAccessReview, review({ user: 'carl', resourceAttributes: nodes }), { fieldManager: 'tests' });
  expect(answer).toMatchObject({
    spec: { user: 'carl', resourceAttributes: nodes },
    metadata: { managedFields: [{ manager: 'tests', operation: 'Update' }] },
    status: { allowed: false },
  });
  const own = await client.create(SelfSubjectAccessReview, {
    ...{ apiVersion: version, kind: 'SelfSubjectAccessReview', metadata: { name: '' } },
    spec: { nonResourceAttributes: { verb: 'get', path: '/metrics' } },
  });
  expect(own.status).toMatchObject({ allowed: true });
  const who = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: { name: '' } };
  const self = await client.create(SelfSubjectReview, who);
  expect(self).toMatchObject({ metadata: { creationTimestamp: expect.any(String) }, status: { userInfo: { username: 'admin' } } });
});

test.each([
  ['both', { user: 'carl', resourceAttributes: nodes, nonResourceAttributes: { path: '/x' } }, 'spec.nonResourceAttributes'],
  ['nothing', { user: 'carl' }, 'spec.resourceAttributes'],
  ['nobody', { resourceAttributes: nodes }, 'spec.user'],
  [
    'an empty selector',
    { user: 'carl', resourceAttributes: { ...nodes, fieldSelector: {} } },
    'spec.resourceAttributes.fieldSelector.requirements',
  ],
])('a review that asks about %s is refused', async (_, spec, field) => {
  const { client } = await startTestServer();
  await expect(client.create(SubjectAccessReview, review(spec))).rejects.toMatchObject({
    code: 422,
    status: { details: { causes: [{ field }] } },
  });
});

test('a review has no metadata, a local one is about its own namespace, and rules are of a namespace', async () => {
  const { client } = await startTestServer();
  const named = review({ user: 'carl', resourceAttributes: nodes }, { name: 'x' });
  await expect(client.create(SubjectAccessReview, named)).rejects.toMatchObject({
    status: { details: { causes: [{ field: 'metadata' }] } },
  });
  const local = review({ user: 'carl', resourceAttributes: { ...nodes, namespace: 'other' } }, { name: '', namespace: 'default' });
  await expect(client.create(LocalSubjectAccessReview, { ...local, kind: 'LocalSubjectAccessReview' })).rejects.toThrow(
    'must match metadata.namespace',
  );
  const rules = { apiVersion: version, kind: 'SelfSubjectRulesReview', metadata: { name: '' }, spec: {} };
  await expect(client.create(SelfSubjectRulesReview, rules)).rejects.toThrow('no namespace on request');
});

test('fields that a review does not have are refused, warned of or let through, as for any other kind', async () => {
  const { server } = await startTestServer();
  const body = () => ({ ...review({ user: 'carl', resourceAttributes: nodes }), extra: 1 });
  const create = (fieldValidation: 'Strict' | 'Warn' | 'Ignore') =>
    server.create(callFor(SubjectAccessReview), body(), { fieldValidation });
  await expect(create('Strict')).rejects.toThrow('strict decoding error: unknown field "extra"');
  expect((await create('Warn')).warnings).toEqual(['unknown field "extra"']);
  expect((await create('Ignore')).warnings).toEqual([]);
});

test('a token review is served from when somebody can tell, and no longer', async () => {
  const { server } = await startTestServer();
  const reviewed = { kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', metadata: {}, spec: { token: 't' } };
  const stop = server.serve((ports) => [
    tokenReviews(ports, async (token) => (token === 't' ? { user: admin, audiences: ['a'] } : { problem: 'no' })),
  ]);
  const kind = server.kinds.require('authentication.k8s.io', 'v1', 'tokenreviews');
  const call = { user: admin, kind };
  expect((await server.create(call, reviewed)).object).toMatchObject({ status: { authenticated: true, user: { username: 'admin' } } });
  expect((await server.create(call, { ...reviewed, spec: { token: 'u' } })).object).toMatchObject({ status: { error: 'no' } });
  stop();
  expect(() => server.kinds.require('authentication.k8s.io', 'v1', 'tokenreviews')).toThrow('could not find the requested resource');
});

test('webhooks have their say on reviews and bindings, and on a binding once', async () => {
  const { client, configure, asked } = await started(({ kind }) => ({
    allowed: (kind as { kind: string }).kind !== 'SubjectAccessReview',
  }));
  await client.create(Node, node);
  await client.create(Pod, pod('x'));
  await configure('validating', 'a', { rules: [{ ...everything, resources: ['*', 'pods/*'] }] });
  await expect(client.create(SubjectAccessReview, review({ user: 'carl', resourceAttributes: nodes }))).rejects.toThrow(
    'denied the request',
  );
  asked.length = 0;
  await client.create(Binding, {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: 'x', namespace: 'default' },
    target: { name: 'n1' },
  });
  expect(asked.map(({ review: { request } }) => [request.operation, request.resource, request.kind])).toEqual([
    ['CREATE', { group: '', version: 'v1', resource: 'bindings' }, { group: '', version: 'v1', kind: 'Binding' }],
  ]);
  expect((await client.get(Pod, { namespace: 'default', name: 'x' })).spec.nodeName).toBe('n1');
});

test('nothing is bound or evicted in a namespace that is not there or goes away', async () => {
  const { client } = await startTestServer();
  await client.create(Node, node);
  await client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'going' }, spec: {} });
  const key = { name: 'x', namespace: 'going' };
  await client.create(Pod, { ...pod('x'), metadata: key });
  await client.delete(Namespace, { name: 'going' });
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'x' } };
  await expect(client.createSubresource(Pod, key, 'eviction', eviction)).rejects.toMatchObject({
    code: 403,
    status: { details: { causes: [{ reason: 'NamespaceTerminating' }] } },
  });
  const binding = (namespace: string): Binding => ({
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: 'x', namespace },
    target: { name: 'n1' },
  });
  await expect(client.create(Binding, binding('going'))).rejects.toThrow('it is being terminated');
  await expect(client.create(Binding, binding('none'))).rejects.toMatchObject({ code: 404 });
});

test('metrics are listed, selected and read as other kinds, by clients in the same process too', async () => {
  const { client, server } = await startTestServer();
  await expect(client.list(PodMetrics)).rejects.toMatchObject({ code: 503, message: expect.stringContaining('agents role') });
  await client.create(Node, { ...node, metadata: { name: 'n1', labels: { zone: 'a' } } });
  const { metadata } = await client.create(Pod, pod('x', { labels: { app: 'x' } }));
  const usage = { cpuNanoCores: 5, memoryBytes: 2048 };
  const pods = [{ uid: metadata.uid ?? '', containers: [{ name: 'main', ...usage }] }];
  server.useUsages({ current: () => [{ nodeName: 'n1', at: '2026-01-01T00:00:15Z', windowSeconds: 15, node: usage, pods }] as never });
  expect((await client.list(NodeMetrics, { labelSelector: 'zone=b' })).items).toEqual([]);
  expect((await client.list(NodeMetrics, { labelSelector: 'zone=a' })).items).toMatchObject([{ kind: 'NodeMetrics', window: '15s' }]);
  expect((await client.list(PodMetrics, { fieldSelector: 'metadata.name=x' })).items).toHaveLength(1);
  expect((await client.list(PodMetrics, { namespace: 'other' })).items).toEqual([]);
  const one = await client.get(PodMetrics, { namespace: 'default', name: 'x' });
  expect(one.containers).toEqual([{ name: 'main', usage: { cpu: '5n', memory: '2Ki' } }]);
  await expect(client.get(PodMetrics, { namespace: 'default', name: 'y' })).rejects.toMatchObject({ code: 404 });
  await expect(client.delete(PodMetrics, { namespace: 'default', name: 'x' })).rejects.toMatchObject({ code: 405 });
});
