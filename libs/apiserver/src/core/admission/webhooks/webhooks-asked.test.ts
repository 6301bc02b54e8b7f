// When webhooks are asked, and what about.
import {
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  Namespace,
  Pod,
  ResourceQuota,
  Service,
  ValidatingWebhookConfiguration as ValidatingKind,
} from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import { expect, test } from 'vitest';
import { callFor, pod, service } from '../../test-server.ts';
import type { Annotated } from '../../types.ts';
import { configMap, everything, key, patch, started } from './webhook-fixture.ts';

test('webhooks go by the names of their configurations; who asks for it sees what came later', async () => {
  const { client, configure, asked } = await started((_, path) =>
    path === '/second' ? patch({ op: 'add', path: '/data/second', value: '1' }) : { allowed: true },
  );
  await configure('mutating', 'b', { name: 'second.example.com', path: '/second', reinvocationPolicy: 'IfNeeded' });
  await configure(
    'mutating',
    'a',
    { name: 'first.example.com', path: '/first', reinvocationPolicy: 'IfNeeded' },
    { name: 'once.example.com', path: '/once' },
  );
  await client.create(ConfigMap, configMap('x', { a: 'b' }));
  expect(asked.map(({ path }) => path)).toEqual(['/first', '/once', '/second', '/first']);
  expect((asked[3]?.review.request.object as ConfigMap | null)?.data).toEqual({ a: 'b', second: '1' });
});

test('dry runs ask only those without side effects', async () => {
  const { client, configure, asked } = await started(() => ({ allowed: true }));
  await configure('validating', 'a', { sideEffects: 'NoneOnDryRun' });
  await client.create(ConfigMap, configMap('x'), { dryRun: true } as never);
  expect(asked[0]?.review.request).toMatchObject({ dryRun: true, options: { dryRun: ['All'] } });
});

test('a deletion shows what goes, and may be refused', async () => {
  const { client, configure, asked } = await started(({ operation }) => ({ allowed: operation !== 'DELETE' }));
  await client.create(ConfigMap, configMap('x'));
  await configure('validating', 'a', {});
  await expect(client.delete(ConfigMap, key, { propagationPolicy: 'Background' })).rejects.toThrow('denied the request');
  expect(asked).toHaveLength(1);
  expect(asked[0]?.review.request).toMatchObject({
    ...{ operation: 'DELETE', object: null, oldObject: { metadata: { name: 'x' } } },
    options: { kind: 'DeleteOptions', propagationPolicy: 'Background' },
  });
  expect(await client.get(ConfigMap, key)).toBeDefined();
});

test('subresources show what is sent to them', async () => {
  const { server, client, configure, asked } = await started(({ subResource }) =>
    subResource === 'scale' ? patch({ op: 'replace', path: '/spec/replicas', value: 5 }) : { allowed: true },
  );
  const template = { metadata: { labels: { app: 'x' } }, spec: pod('x').spec };
  const spec = { replicas: 1, selector: { matchLabels: { app: 'x' } }, template };
  await client.create(Deployment, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'x', namespace: 'default' },
    spec,
  } as never);
  await client.create(Pod, pod('x'));
  await configure('mutating', 'a', {});
  await server.patch(callFor(Deployment, 'default', 'x', 'scale'), 'merge', { spec: { replicas: 2 } });
  expect((await client.get(Deployment, key)).spec?.replicas).toBe(5);
  const scale = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  expect(asked[0]?.review.request).toMatchObject({
    ...{ operation: 'UPDATE', subResource: 'scale', kind: scale, object: { kind: 'Scale', spec: { replicas: 2 } } },
    ...{ oldObject: { kind: 'Scale', spec: { replicas: 1 } }, options: { kind: 'PatchOptions' } },
  });
  asked.length = 0;
  await client.createSubresource(Pod, key, 'eviction', { metadata: { name: 'x' } });
  expect(asked.map(({ review: { request } }) => [request.operation, request.subResource, (request.kind as { kind: string }).kind])).toEqual(
    [['CREATE', 'eviction', 'Eviction']],
  );
});

test('a stream is asked for by its options', async () => {
  const { server, configure, asked } = await started(() => ({ allowed: false }));
  await configure('validating', 'a', { rules: [{ ...everything, operations: ['CONNECT'], resources: ['pods/exec'] }] });
  const options = { kind: 'PodExecOptions', apiVersion: 'v1', command: ['sh'] } as unknown as KubeObject;
  await expect(server.connect(callFor(Pod, 'default', 'x', 'exec'), 'create', options)).rejects.toThrow('denied the request');
  expect(asked[0]?.review.request).toMatchObject({ operation: 'CONNECT', subResource: 'exec', object: { command: ['sh'] }, options: null });
});

test('a webhook of another version of a resource sees the object in that one, and changes it there', async () => {
  const { client, configure, asked } = await started(() =>
    patch({ op: 'replace', path: '/spec/targetCPUUtilizationPercentage', value: 70 }),
  );
  const rules = [{ ...everything, apiGroups: ['autoscaling'], apiVersions: ['v1'], resources: ['horizontalpodautoscalers'] }];
  await configure('mutating', 'a', { rules }, { name: 'exact.example.com', rules, matchPolicy: 'Exact' });
  const resource = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } };
  const spec = {
    maxReplicas: 3,
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' },
    metrics: [{ type: 'Resource', resource }],
  };
  const made = await client.create(HorizontalPodAutoscaler, {
    ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'x', namespace: 'default' }, spec },
  } as never);
  expect(asked).toHaveLength(1);
  expect(asked[0]?.review.request).toMatchObject({
    ...{ kind: { version: 'v1' }, resource: { version: 'v1' }, requestKind: { version: 'v2' }, requestResource: { version: 'v2' } },
    object: { apiVersion: 'autoscaling/v1', spec: { targetCPUUtilizationPercentage: 50 } },
  });
  expect(made.spec?.metrics?.[0]?.resource?.target.averageUtilization).toBe(70);
});

test('selectors and conditions keep requests from webhooks', async () => {
  const { client, configure, asked } = await started(() => ({ allowed: false }));
  await configure(
    'validating',
    'a',
    { namespaceSelector: { matchLabels: { none: 'x' } } },
    { name: 'b.example.com', objectSelector: { matchLabels: { none: 'x' } } },
    { name: 'c.example.com', matchConditions: [{ name: 'other', expression: "object.metadata.name != 'x'" }] },
  );
  await client.create(ConfigMap, configMap('x'));
  await expect(client.create(ConfigMap, configMap('y'))).rejects.toThrow('"c.example.com" denied');
  expect(asked).toHaveLength(1);
});

test('configurations themselves pass by all webhooks, and act from the answer to their write on', async () => {
  const { client, configure, asked } = await started(() => ({ allowed: false }));
  for (let i = 0; i < 5; i++) {
    await configure('validating', 'a', {});
    await expect(client.create(ConfigMap, configMap('x'))).rejects.toThrow('denied');
    await client.delete(ValidatingKind, { name: 'a' });
    await client.create(ConfigMap, configMap(`x${i}`));
    expect(asked).toHaveLength(1);
  }
});

test('where requests wait for their turn at a quota, a webhook is asked once, and may write there itself', async () => {
  const made = await started(async ({ name, object }) => {
    if (object?.kind === 'ConfigMap' && !String(name).startsWith('made-')) await made.client.create(ConfigMap, configMap(`made-${name}`));
    return { allowed: true };
  });
  const { client, configure, asked } = made;
  const quota = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'q', namespace: 'default' },
    spec: { hard: { 'count/configmaps': '50' } },
  };
  const created = await client.create(ResourceQuota, quota as never);
  await client.updateStatus(ResourceQuota, {
    ...created,
    status: { hard: { 'count/configmaps': '50' }, used: { 'count/configmaps': '0' } },
  } as never);
  await configure('validating', 'a', { rules: [{ ...everything, resources: ['configmaps'] }] });
  await Promise.all(['a', 'b', 'c', 'd'].map((name) => client.create(ConfigMap, configMap(name))));
  expect(asked).toHaveLength(8);
  expect((await client.get(ResourceQuota, { namespace: 'default', name: 'q' })).status?.used).toEqual({ 'count/configmaps': '8' });
});

test('a webhook that changes the object that it is asked about has it decided anew', async () => {
  let changes = 0;
  const made = await started(async () => {
    if (changes++ === 0) await made.client.patch(ConfigMap, key, 'merge', { data: { between: 'y' } });
    return { allowed: true };
  });
  await made.client.create(ConfigMap, configMap('x'));
  await made.configure('validating', 'a', { rules: [{ ...everything, resources: ['configmaps'], operations: ['UPDATE'] }] });
  await made.client.patch(ConfigMap, key, 'merge', { data: { asked: 'y' } });
  expect((await made.client.get(ConfigMap, key)).data).toEqual({ between: 'y', asked: 'y' });
});

test('what webhooks note goes into the audit log, and what they warn of to the client', async () => {
  const notes = new Map<string, string>();
  const audit: Annotated = { annotate: (name, value) => void notes.set(name, value), spent: () => {} };
  const { server, configure } = await started(() => ({
    ...patch({ op: 'add', path: '/data', value: { a: 'b' } }),
    warnings: ['beware'],
    auditAnnotations: { why: 'because' },
  }));
  await configure('mutating', 'conf', {});
  const answer = await server.create({ ...callFor(ConfigMap, 'default'), audit }, configMap('x'));
  expect(answer.warnings).toEqual(['beware']);
  const where = '{"configuration":"conf","webhook":"a.example.com"';
  const operations = '[{"op":"add","path":"/data","value":{"a":"b"}}]';
  expect([...notes].filter(([name]) => !name.includes('authorization'))).toEqual([
    ['a.example.com/why', 'because'],
    ['patch.webhook.admission.k8s.io/round_0_index_0', `${where},"patch":${operations},"patchType":"JSONPatch"}`],
    ['mutation.webhook.admission.k8s.io/round_0_index_0', `${where},"mutated":true}`],
  ]);
});

test('a namespace is asked about like any object', async () => {
  const { client, configure, asked } = await started(() => ({ allowed: true }));
  await configure('mutating', 'a', { rules: [{ ...everything, resources: ['namespaces'] }] });
  await client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } } as never);
  expect(asked[0]?.review.request).toMatchObject({ name: 'n', namespace: 'n' });
});

test('services that are made at once get addresses of their own, with a webhook that is asked about each', async () => {
  const { client, configure, asked } = await started(() => ({ allowed: true }));
  await configure('validating', 'a', { rules: [{ ...everything, resources: ['services'] }] });
  const made = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => client.create(Service, service(name))));
  expect(new Set(made.map(({ spec }) => spec?.clusterIP)).size).toBe(5);
  expect((asked[0]?.review.request.object as Service | null)?.spec?.clusterIP).toMatch(/^10\./);
});
