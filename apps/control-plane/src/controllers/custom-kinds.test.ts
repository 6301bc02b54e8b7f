// Objects of kinds that users define are collected with their owners, own others, and go with their namespace.
import { ConfigMap, CustomResourceDefinition, establishedKinds, Namespace } from '@berth/api';
import { isReason, type KindDefinition, type KubeObject, type OwnerReference } from '@berth/machinery';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeNamespace, startTestCluster, type TestCluster } from './testing.ts';

let cluster: TestCluster;
let widget: KindDefinition;
beforeAll(async () => {
  cluster = await startTestCluster();
  const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }];
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
