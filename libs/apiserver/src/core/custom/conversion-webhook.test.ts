// What a conversion webhook is asked, and that only what it may say is taken from it, in kube-apiserver's words.
import type { CustomResourceDefinition } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import { seededRandom, systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import type { ConversionObserved } from '../types.ts';
import { definition } from './conversion-for-tests.ts';
import { conversionWebhook } from './conversion-webhook.ts';

const object = (name = 'a', metadata: object = {}) =>
  ({
    apiVersion: 'example.com/v1',
    kind: 'Endpoint',
    metadata: { name, namespace: 'default', uid: 'u', ...metadata },
    spec: {},
  }) as KubeObject;
const v2 = (of: KubeObject, changes: object = {}) => ({ ...of, apiVersion: 'example.com/v2', ...changes });

interface Review {
  apiVersion: string;
  kind: string;
  request: { uid: string; desiredAPIVersion: string; objects: KubeObject[] };
}

function webhook(answer: (review: Review) => unknown, versions: string[] = ['v1']) {
  const observed: ConversionObserved[] = [];
  const asked: Review[] = [];
  const crd = definition('v1') as unknown as CustomResourceDefinition;
  if (crd.spec.conversion?.webhook) crd.spec.conversion.webhook.conversionReviewVersions = versions;
  const convert = conversionWebhook(crd, {
    webhooks: {
      call: async (_address, body) => {
        asked.push(body as Review);
        return answer(body as Review);
      },
    },
    clock: systemClock,
    random: seededRandom(1),
    metrics: { converted: (one) => observed.push(one) },
  });
  return { convert: (objects: KubeObject[]) => convert(objects, 'example.com/v2'), observed, asked };
}

const success = (review: Review, convertedObjects: unknown) => ({
  apiVersion: review.apiVersion,
  kind: 'ConversionReview',
  response: { uid: review.request.uid, result: { status: 'Success' }, convertedObjects },
});

async function problem(answer: (review: Review) => unknown, objects = [object()], versions?: string[]) {
  const { convert, observed } = webhook(answer, versions);
  const error = await convert(objects).then(
    () => new Error('it was converted'),
    (thrown: Error) => thrown,
  );
  return [error.message.replace('conversion webhook for example.com/v1, Kind=Endpoint ', ''), observed[0]?.failure];
}

test('it is asked in the first version that is known, and everything but labels and annotations stays as it was', async () => {
  const answer = (review: Review) =>
    success(
      review,
      review.request.objects.map((of) =>
        v2(of, { metadata: { name: of.metadata.name, namespace: 'default', uid: 'u', labels: { a: 'b' }, generation: 9 } }),
      ),
    );
  const { convert, asked, observed } = webhook(answer, ['v3', 'v1beta1', 'v1']);
  const [converted] = await convert([object('a', { generation: 1, annotations: { x: 'y' }, finalizers: ['a/b'] })]);
  expect(converted).toEqual(
    v2(object(), { metadata: { name: 'a', namespace: 'default', uid: 'u', generation: 1, labels: { a: 'b' }, finalizers: ['a/b'] } }),
  );
  expect(asked[0]).toMatchObject({
    apiVersion: 'apiextensions.k8s.io/v1beta1',
    kind: 'ConversionReview',
    request: { desiredAPIVersion: 'example.com/v2' },
  });
  expect(asked[0]?.request.objects).toHaveLength(1);
  expect(observed).toMatchObject([{ definition: 'endpoints.example.com', from: 'v1', to: 'v2' }]);
  expect(observed[0]).not.toHaveProperty('failure');
});

test('an answer that is none is refused', async () => {
  const malformed = 'conversion_webhook_malformed_response_failure';
  const thrown = () => {
    throw new Error('refused');
  };
  expect(await problem(thrown)).toEqual(['failed: refused', 'conversion_webhook_call_failure']);
  expect(await problem(() => ({ kind: 'Status', apiVersion: 'v1' }))).toEqual([
    'failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got /v1, Kind=Status',
    malformed,
  ]);
  const head = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview' };
  expect(await problem(() => head)).toEqual(['failed: no response provided', malformed]);
  const [wrongUid] = await problem(() => ({ ...head, response: { uid: 'x' } }));
  expect(wrongUid).toMatch(/^failed: expected response.uid="[0-9a-f-]{36}", got "x"$/);
  const result = (given: object) => (review: Review) => ({ ...head, response: { uid: review.request.uid, result: given } });
  expect(await problem(result({ status: 'Failure', message: 'no such host' }))).toEqual(['failed: no such host', malformed]);
  expect(await problem(result({}))).toEqual(["failed: response.result.status was '', not 'Success'", malformed]);
  // In v1beta1 neither type nor uid is looked at.
  expect(await problem(() => ({ response: { result: { status: 'Success' } } }), [object()], ['v1beta1'])).toEqual([
    'returned 0 objects, expected 1',
    'conversion_webhook_partial_response_failure',
  ]);
});

test('objects that are not what was asked for are refused, with their place among several', async () => {
  const returned = (change: (of: KubeObject) => unknown) => (review: Review) =>
    success(
      review,
      review.request.objects.map((of, i) => (i === review.request.objects.length - 1 ? change(of) : v2(of))),
    );
  const invalid = 'conversion_webhook_invalid_converted_object_failure';
  expect(await problem(returned((of) => of))).toEqual([
    'returned invalid object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v1)',
    invalid,
  ]);
  expect(await problem(returned((of) => v2(of, { kind: 'Other' })))).toEqual([
    'returned invalid object at index 0: invalid kind (expected Endpoint, received Other)',
    invalid,
  ]);
  const renamed = (of: KubeObject) => v2(of, { metadata: { ...of.metadata, name: 'z' } });
  expect(await problem(returned(renamed))).toEqual(['returned invalid object: must have the same name: a != z', invalid]);
  expect(await problem(returned(renamed), [object('a'), object('b')])).toEqual([
    'returned invalid converted object at index 1: must have the same name: b != z',
    invalid,
  ]);
  const labelled = (labels: unknown) => returned((of) => v2(of, { metadata: { ...of.metadata, labels } }));
  expect(await problem(labelled([]))).toEqual([
    'returned invalid metadata: invalid metadata.labels of type []interface {} in converted object',
    invalid,
  ]);
  expect(await problem(labelled({ a: 1 }))).toEqual([
    'returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object',
    invalid,
  ]);
  const [badLabel] = await problem(labelled({ a: ' ' }));
  expect(badLabel).toContain('returned invalid metadata: metadata.labels: Invalid value: " "');
  expect(await problem(returned(() => 7))).toEqual([
    'returned invalid object: json: cannot unmarshal int64 into Go value of type map[string]interface {}',
    invalid,
  ]);
});
