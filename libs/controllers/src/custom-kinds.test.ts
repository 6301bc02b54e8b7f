// Objects of kinds that users define are collected with their owners, own others, and go with their namespace.
import {
  ConfigMap,
  CustomResourceDefinition,
  establishedKinds,
  HorizontalPodAutoscaler,
  Namespace,
  Pod,
  PodDisruptionBudget,
  ResourceQuota,
} from '@berth/api';
import { pod } from '@berth/apiserver/testing';
import { isReason, type KindDefinition, type KubeObject, type OwnerReference } from '@berth/machinery';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeNamespace, startTestCluster, type TestCluster } from './testing.ts';

let cluster: TestCluster;
let widget: KindDefinition;
beforeAll(async () => {
  cluster = await startTestCluster();
  const openAPIV3Schema = {
    type: 'object',
    properties: {
      spec: { type: 'object', properties: { size: { type: 'integer' } } },
      status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    },
  };
  const scale = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size', labelSelectorPath: '.status.selector' };
  const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema }, subresources: { status: {}, scale } }];
  const names = { plural: 'widgets', kind: 'Widget' };
  const spec = { group: 'example.com', scope: 'Namespaced', names, versions };
  const metadata = { name: 'widgets.example.com' };
  await cluster.client.create(CustomResourceDefinition, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata,
    spec,
  });
  await cluster.eventually(async () => {
    const kinds = establishedKinds(await cluster.client.get(CustomResourceDefinition, metadata));
    if (kinds) widget = kinds.stored;
    return kinds !== undefined;
  });
});
afterAll(() => cluster.stop());

const isGone = <T>(found: Promise<T>) =>
  found.then(
    () => false,
    (error: unknown) => isReason(error, 'NotFound'),
  );

async function make(kind: KindDefinition, namespace: string, name: string, owner?: KubeObject): Promise<KubeObject> {
  const { apiVersion, kind: ownerKind, metadata } = owner ?? { apiVersion: '', kind: '', metadata: { name: '' } };
  const reference: OwnerReference = { apiVersion, kind: ownerKind, name: metadata.name, uid: metadata.uid ?? '' };
  return cluster.client.create(kind, {
    apiVersion: kind.group ? `${kind.group}/${kind.version}` : kind.version,
    kind: kind.kind,
    metadata: { namespace, name, ...(owner && { ownerReferences: [reference] }) },
  });
}

test('what an owner of such a kind owns goes after it, and so does what is owned by another', async () => {
  const owner = await make(widget, 'default', 'owner');
  const owned = await make(widget, 'default', 'owned', owner);
  const configMap = ConfigMap as unknown as KindDefinition;
  await make(configMap, 'default', 'owned-map', owned);
  await cluster.client.delete(widget, owner.metadata);
  await cluster.eventually(() => isGone(cluster.client.get(widget, owned.metadata)));
  await cluster.eventually(() => isGone(cluster.client.get(configMap, { namespace: 'default', name: 'owned-map' })));
});

test('a namespace goes when its objects of such kinds are gone', async () => {
  await makeNamespace(cluster.client, 'full');
  const held = await make(widget, 'full', 'held');
  await cluster.client.patch(widget, held.metadata, 'merge', { metadata: { finalizers: ['example.com/hold'] } });
  await cluster.client.delete(Namespace, { name: 'full' });
  await cluster.eventually(async () => (await cluster.client.get(widget, held.metadata)).metadata.deletionTimestamp !== undefined);
  const { status } = await cluster.client.get(Namespace, { name: 'full' });
  expect(status?.phase).toBe('Terminating');
  await cluster.client.patch(widget, held.metadata, 'merge', { metadata: { finalizers: null } });
  await cluster.eventually(() => isGone(cluster.client.get(Namespace, { name: 'full' })));
});

test('quotas count them, and let no more be made', async () => {
  await makeNamespace(cluster.client, 'counted');
  const key = { namespace: 'counted', name: 'few' };
  const hard = { 'count/widgets.example.com': '1' };
  const used = async () => (await cluster.client.get(ResourceQuota, key)).status?.used?.['count/widgets.example.com'];
  await cluster.client.create(ResourceQuota, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: key, spec: { hard } });
  await cluster.eventually(async () => (await used()) === '0');
  const one = await make(widget, 'counted', 'one');
  expect(await used()).toBe('1');
  const refused =
    'exceeded quota: few, requested: count/widgets.example.com=1, used: count/widgets.example.com=1, limited: count/widgets.example.com=1';
  await expect(make(widget, 'counted', 'two')).rejects.toThrow(refused);
  await cluster.client.delete(widget, one.metadata);
  await cluster.eventually(async () => (await used()) === '0');
});

describe('one that can be scaled', () => {
  const size = async (name: string) =>
    ((await cluster.client.get(widget, { namespace: 'default', name })) as KubeObject & { spec: { size: number } }).spec.size;
  const scaled = async (name: string, count: number) => {
    const made = await make(widget, 'default', name);
    await cluster.client.patch(widget, made.metadata, 'merge', { spec: { size: count } });
    const status = { status: { size: count, selector: `app=${name}` } };
    return cluster.client.patch(widget, made.metadata, 'merge', status, { subresource: 'status' });
  };

  test('is scaled by its autoscaler', async () => {
    await scaled('big', 9);
    const scaleTargetRef = { apiVersion: 'example.com/v1', kind: 'Widget', name: 'big' };
    await cluster.client.create(HorizontalPodAutoscaler, {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { namespace: 'default', name: 'big' },
      spec: { scaleTargetRef, maxReplicas: 3 },
    });
    await cluster.eventually(async () => (await size('big')) === 3);
  });

  test('says how many pods a disruption budget expects', async () => {
    const owner = await scaled('owner-of-pods', 4);
    const reference = {
      apiVersion: owner.apiVersion,
      kind: owner.kind,
      name: owner.metadata.name,
      uid: owner.metadata.uid ?? '',
      controller: true,
    };
    const owned = pod('owned-pod', { labels: { app: 'owned' } });
    await cluster.client.create(Pod, { ...owned, metadata: { ...owned.metadata, ownerReferences: [reference] } });
    const key = { namespace: 'default', name: 'owned' };
    const spec = { maxUnavailable: '50%', selector: { matchLabels: { app: 'owned' } } };
    await cluster.client.create(PodDisruptionBudget, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: key, spec });
    const expected = async () => (await cluster.client.get(PodDisruptionBudget, key)).status?.expectedPods;
    await cluster.eventually(async () => (await expected()) === 4);
    await cluster.client.patch(widget, owner.metadata, 'merge', { spec: { size: 6 } });
    await cluster.eventually(async () => (await expected()) === 6);
  });
});

test('what is owned goes after its owner when another version is stored by then, in whichever either was stored', async () => {
  const names = { plural: 'parts', kind: 'Part' };
  const version = (name: string, storage: boolean) => ({ name, served: true, storage, schema: { openAPIV3Schema: { type: 'object' } } });
  const metadata = { name: 'parts.example.com' };
  const spec = { group: 'example.com', scope: 'Namespaced', names, versions: [version('v1', true), version('v2', false)] };
  await cluster.client.create(CustomResourceDefinition, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata,
    spec,
  } as CustomResourceDefinition);
  const stored = async (name: string) => {
    const kinds = establishedKinds(await cluster.client.get(CustomResourceDefinition, metadata));
    return kinds?.stored.version === name ? kinds.stored : undefined;
  };
  await cluster.eventually(async () => (await stored('v1')) !== undefined);
  const before = (await stored('v1')) as KindDefinition;
  const owner = await make(before, 'default', 'old-owner');
  const old = await make(before, 'default', 'old-part', owner);
  const changed = { spec: { versions: [version('v1', false), version('v2', true)] } };
  await cluster.client.patch(CustomResourceDefinition, metadata, 'merge', changed);
  const after = (await stored('v2')) as KindDefinition;
  const young = await make(after, 'default', 'new-part', owner);
  await cluster.client.delete(after, owner.metadata);
  for (const { metadata: key } of [old, young]) await cluster.eventually(() => isGone(cluster.client.get(after, key)));
});
