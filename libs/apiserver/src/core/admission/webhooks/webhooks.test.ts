// What webhooks make of requests, and what becomes of their answers.
import { ConfigMap, Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { pod } from '../../test-server.ts';
import { configMap, patch, started } from './webhook-fixture.ts';

test('what a webhook makes of an object is defaulted, pruned and validated, and belongs to nobody', async () => {
  const { client, configure, asked } = await started(({ operation }) =>
    operation === 'CREATE'
      ? patch(
          { op: 'add', path: '/spec/containers/-', value: { name: 'side', image: 'registry.local/side:1', unknown: 1 } },
          { op: 'add', path: '/metadata/labels', value: { added: 'yes' } },
          { op: 'add', path: '/metadata/uid', value: 'mine' },
          { op: 'add', path: '/status', value: { phase: 'Running' } },
        )
      : { allowed: true },
  );
  await configure('mutating', 'a', {});
  const made = await client.create(Pod, pod('x'));
  expect(made.spec.containers[1]).toEqual(
    expect.objectContaining({ name: 'side', imagePullPolicy: 'IfNotPresent', terminationMessagePolicy: 'File' }),
  );
  expect(made.spec.containers[1]).not.toHaveProperty('unknown');
  expect(made.metadata.labels).toEqual({ added: 'yes' });
  expect([made.metadata.uid === 'mine', made.status?.phase]).toEqual([false, 'Pending']);
  expect(JSON.stringify(made.metadata)).not.toContain('f:added');
  expect(asked[0]?.review.request).toMatchObject({ operation: 'CREATE', name: 'x', namespace: 'default', oldObject: null, dryRun: false });
  expect(asked[0]?.review.request.object?.metadata).not.toHaveProperty('uid');
});

test('what a webhook makes invalid is refused', async () => {
  const { client, configure } = await started(() => patch({ op: 'add', path: '/data', value: { 'not a key': '' } }));
  await configure('mutating', 'a', {});
  await expect(client.create(ConfigMap, configMap('x'))).rejects.toThrow('data[not a key]: Invalid value');
});

test('a request in full, as v1 and v1beta1 have it', async () => {
  const { client, configure, asked } = await started(() => ({ allowed: true }));
  await configure('validating', 'a', { admissionReviewVersions: ['v9', 'v1beta1', 'v1'] }, { name: 'b.example.com' });
  const options = { fieldManager: 'me', dryRun: false };
  await client.create(ConfigMap, { ...configMap(''), metadata: { generateName: 'x-', namespace: 'default' } } as never, options);
  expect(asked.map(({ review }) => review.apiVersion)).toEqual(['admission.k8s.io/v1beta1', 'admission.k8s.io/v1']);
  const request = asked[1]?.review.request;
  const kind = { group: '', version: 'v1', kind: 'ConfigMap' };
  const resource = { group: '', version: 'v1', resource: 'configmaps' };
  expect(request).toMatchObject({
    ...{ kind, resource, requestKind: kind, requestResource: resource, operation: 'CREATE', dryRun: false, oldObject: null },
    userInfo: { username: 'admin', groups: ['system:masters'] },
    options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'me' },
    name: expect.stringMatching(/^x-/),
    object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { uid: expect.any(String) } },
  });
});

test('a generated name is not there yet for those that change objects', async () => {
  const { client, configure, asked } = await started(() => ({ allowed: true }));
  await configure('mutating', 'a', {});
  const { metadata } = await client.create(ConfigMap, {
    ...configMap(''),
    metadata: { generateName: 'x-', namespace: 'default' },
  } as never);
  expect(metadata.name).toMatch(/^x-.{5}$/);
  expect(asked[0]?.review.request).not.toHaveProperty('name');
});

test.each([
  [{ allowed: false }, 'admission webhook "a.example.com" denied the request without explanation', 400],
  [{ allowed: false, status: { code: 418, message: 'tea' } }, 'admission webhook "a.example.com" denied the request: tea', 418],
  [{ allowed: false, status: { reason: 'Forbidden', code: 200 } }, 'admission webhook "a.example.com" denied the request: Forbidden', 400],
  [
    { allowed: true, uid: 'other' },
    /failed calling webhook "a.example.com": received invalid webhook response: expected response.uid="[^"]+", got "other"$/,
    500,
  ],
  [{ review: {} }, /received invalid webhook response: webhook response was absent$/, 500],
  [
    { allowed: true, patch: 'W10=', patchType: 'JSONPatch' },
    /received invalid webhook response: validating webhook may not return response.patch$/,
    500,
  ],
])('an answer %j refuses the request in Kubernetes’ words, and is asked for once', async (response, message, code) => {
  const { client, configure, asked } = await started(() => response);
  await configure('validating', 'a', {});
  await expect(client.create(ConfigMap, configMap('x'))).rejects.toMatchObject({ message: expect.stringMatching(message), code });
  expect(asked).toHaveLength(1);
});

test.each([
  [[{ op: 'remove', path: '/data/none' }], 'Internal error occurred: error in remove for path'],
  [[{ op: 'replace', path: '/kind', value: 'Secret' }], 'Internal error occurred: '],
  [[{ op: 'add', path: '/data', value: 1 }], 'Internal error occurred: '],
  [[{ op: 'add', path: '/metadata/name', value: 'other' }], 'the name of the object (other) does not match the name on the URL (x)'],
])('a patch %j is an error of the webhook', async (operations, message) => {
  const { client, configure } = await started(() => patch(...operations));
  await configure('mutating', 'a', {});
  await expect(client.create(ConfigMap, configMap('x', { a: 'b' }))).rejects.toThrow(message);
});
