import { AutoscalingV1HorizontalPodAutoscaler, Event, EventsV1Event, HorizontalPodAutoscaler } from '@berth/api';
import { type KubeObject, managedFieldsOf } from '@berth/machinery';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ApiServer } from './api-server.ts';
import { erased } from './kinds-by-name.ts';
import { callFor, startTestServer, take } from './test-server.ts';

let server: ApiServer;
beforeEach(async () => {
  ({ server } = await startTestServer());
});

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const v1 = (name?: string) => callFor(AutoscalingV1HorizontalPodAutoscaler, 'default', name);
const v2 = (name?: string) => callFor(HorizontalPodAutoscaler, 'default', name);

function oldAutoscaler(): unknown {
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web' },
    spec: { scaleTargetRef, minReplicas: 2, maxReplicas: 5, targetCPUUtilizationPercentage: 70 },
  };
}

const utilization = (name: string, averageUtilization: number) => ({
  type: 'Resource',
  resource: { name, target: { type: 'Utilization', averageUtilization } },
});

test('what is written in one version is read in the other', async () => {
  const created = await server.create(v1(), oldAutoscaler());
  expect(created.code).toBe(201);
  expect(created.object).toMatchObject({ apiVersion: 'autoscaling/v1', spec: { maxReplicas: 5, targetCPUUtilizationPercentage: 70 } });
  const stored = await server.get(v2('web'));
  expect(stored.object).toMatchObject({ apiVersion: 'autoscaling/v2', spec: { minReplicas: 2, metrics: [utilization('cpu', 70)] } });
  expect(stored.object.metadata.resourceVersion).toBe(created.object.metadata.resourceVersion);
});

test('an old client’s patch keeps what its version has no field for', async () => {
  const metrics = [utilization('memory', 60), utilization('cpu', 50)];
  const behavior = { scaleDown: { stabilizationWindowSeconds: 60 } };
  const spec = { scaleTargetRef, maxReplicas: 5, metrics, behavior };
  await server.create(v2(), { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'web' }, spec });
  const patched = await server.patch(v1('web'), 'merge', { spec: { targetCPUUtilizationPercentage: 80 } });
  expect(patched.object.metadata.annotations).toHaveProperty(['autoscaling.alpha.kubernetes.io/metrics']);
  const { object } = await server.get(v2('web'));
  expect(object).toMatchObject({ spec: { metrics: expect.arrayContaining([utilization('cpu', 80), utilization('memory', 60)]) } });
  expect(object).toMatchObject({ spec: { behavior: { scaleDown: { stabilizationWindowSeconds: 60 } } } });
  expect(object.metadata.annotations).toBeUndefined();
});

test('lists, watches and deletes show the version asked for', async () => {
  const handle = await server.watch(v1(), { resourceVersion: String(server.revision) });
  await server.create(v2(), {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web' },
    spec: { scaleTargetRef, maxReplicas: 5 },
  });
  const [item] = await take(handle, 1);
  expect(JSON.parse(new TextDecoder().decode(item?.line ?? new Uint8Array()))).toMatchObject({
    type: 'ADDED',
    object: { apiVersion: 'autoscaling/v1' },
  });
  const { entries } = await server.list(v1());
  expect(entries.map((entry) => JSON.parse(new TextDecoder().decode(entry.bytes)).apiVersion)).toEqual(['autoscaling/v1']);
  const deleted = await server.delete(v1('web'));
  expect([deleted.removed, deleted.object.apiVersion]).toEqual([true, 'autoscaling/v1']);
  await expect(server.get(v2('web'))).rejects.toThrow('not found');
});

test('server-side apply takes a view’s version', async () => {
  const applied = await server.patch(v1('web'), 'apply', oldAutoscaler(), { fieldManager: 'me' });
  expect(applied).toMatchObject({ code: 201, object: { apiVersion: 'autoscaling/v1', spec: { targetCPUUtilizationPercentage: 70 } } });
  const other = { ...(oldAutoscaler() as KubeObject), spec: { scaleTargetRef, maxReplicas: 9 } };
  await expect(server.patch(v1('web'), 'apply', other, { fieldManager: 'you' })).rejects.toThrow('conflict with "me"');
});

test('events have one home and two names for most fields', async () => {
  await server.create(callFor(Event, 'default'), {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'web.1' },
    involvedObject: { kind: 'Pod', name: 'web', namespace: 'default' },
    reason: 'Started',
    message: 'it runs',
  });
  const call = callFor(EventsV1Event, 'default');
  const about = await server.list(call, { fieldSelector: 'regarding.name=web' });
  expect(about.entries.map((entry) => entry.object)).toMatchObject([{ apiVersion: 'events.k8s.io/v1', note: 'it runs' }]);
  expect((await server.list(call, { fieldSelector: 'regarding.name=other' })).entries).toEqual([]);
  const row = erased(EventsV1Event).columns.find((column) => column.name === 'Message');
  expect(row?.value(about.entries[0]?.object as KubeObject, 0)).toBe('it runs');
});

test('what a view cannot read is refused in its words', async () => {
  const bad = { ...(oldAutoscaler() as KubeObject), spec: { scaleTargetRef, maxReplicas: 'many' } };
  await expect(server.create(v1(), bad)).rejects.toThrow('HorizontalPodAutoscaler in version "v1" cannot be handled');
});

test('what is no metric in the annotation counts as nothing', async () => {
  const hostile = oldAutoscaler() as KubeObject;
  hostile.metadata.annotations = { 'autoscaling.alpha.kubernetes.io/metrics': '[{"type":"Pods","pods":7},null,{"resource":{"name":{}}}]' };
  await server.create(v1(), hostile);
  const { object } = await server.get(v2('web'));
  expect(object).toMatchObject({ spec: { metrics: [utilization('cpu', 70)] } });
  expect(object.metadata.annotations).toBeUndefined();
});

describe('a write through a view', () => {
  test('is owned in its own version', async () => {
    const { object } = await server.create(v1(), oldAutoscaler(), { fieldManager: 'me' });
    const spec = { 'f:maxReplicas': {}, 'f:minReplicas': {}, 'f:scaleTargetRef': {}, 'f:targetCPUUtilizationPercentage': {} };
    expect(managedFieldsOf(object)).toMatchObject([{ manager: 'me', apiVersion: 'autoscaling/v1', fieldsV1: { 'f:spec': spec } }]);
    expect(object).toMatchObject({ status: { currentReplicas: 0, desiredReplicas: 0 } });
    const patched = await server.patch(v2('web'), 'merge', { spec: { maxReplicas: 9 } }, { fieldManager: 'you' });
    expect(managedFieldsOf(patched.object)?.map(({ manager, apiVersion, fieldsV1 }) => [manager, apiVersion, fieldsV1])).toEqual([
      ['me', 'autoscaling/v1', { 'f:spec': { 'f:minReplicas': {}, 'f:scaleTargetRef': {}, 'f:targetCPUUtilizationPercentage': {} } }],
      ['you', 'autoscaling/v2', { 'f:spec': { 'f:maxReplicas': {} } }],
    ]);
  });

  test('is validated without defaults that its version does not have', async () => {
    const object = oldAutoscaler() as KubeObject;
    object.metadata.annotations = { 'autoscaling.alpha.kubernetes.io/behavior': '{"ScaleUp":{"SelectPolicy":"Min"}}' };
    await expect(server.create(v1(), object)).rejects.toThrow('spec.behavior.scaleUp.policies: Required value');
  });

  test('meets what its version refuses, in an apply too, and an object that is not there in its group', async () => {
    const call = (name: string) => callFor(EventsV1Event, 'default', name);
    const event = { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'a' }, regarding: { namespace: 'default' } };
    await expect(server.patch(call('a'), 'apply', event, { fieldManager: 'me' })).rejects.toThrow('eventTime: Required value');
    await expect(server.patch(call('a'), 'merge', {})).rejects.toThrow('events.events.k8s.io "a" not found');
    await expect(server.delete(call('a'))).rejects.toThrow('events.events.k8s.io "a" not found');
  });
});

test('who sends a status in a version that shows it in annotations owns these, though it is not kept', async () => {
  const status = { currentReplicas: 1, desiredReplicas: 1, currentCPUUtilizationPercentage: 50 };
  await server.create(v1(), oldAutoscaler());
  const { object } = await server.patch(v1('web'), 'merge', { status });
  expect(object).toMatchObject({ status: { currentReplicas: 0, desiredReplicas: 0 } });
  const fields = managedFieldsOf(object)?.map(({ fieldsV1 }) => fieldsV1);
  expect(fields).toContainEqual(
    expect.objectContaining({
      'f:metadata': expect.objectContaining({ 'f:annotations': { '.': {}, 'f:autoscaling.alpha.kubernetes.io/current-metrics': {} } }),
    }),
  );
});
