// Claims that are made for pods, and what becomes of them and of what was allocated when their users are gone.
import { Event, Pod, ResourceClaim, ResourceClaimTemplate } from '@berth/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeNamespace, startTestCluster, type TestCluster } from '../testing.ts';
import { podClaimAnnotation } from './pod-claims.ts';

const namespace = 'shop';
const finalizer = 'resource.kubernetes.io/delete-protection';
const resource = { apiVersion: 'resource.k8s.io/v1' };
const spec = { devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'gpu' } }] } };

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
  await makeNamespace(cluster.client, namespace);
});
afterAll(() => cluster.stop());

function makePod(name: string, resourceClaims: Pod['spec']['resourceClaims'], nodeName?: string): Promise<Pod> {
  const containers = [{ name: 'main', image: 'x' }];
  return cluster.client.create(Pod, {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } },
    spec: { containers, ...(resourceClaims && { resourceClaims }), ...(nodeName && { nodeName }) },
  });
}

function makeTemplate(name: string): Promise<ResourceClaimTemplate> {
  const metadata = { labels: { app: 'x' }, annotations: { note: 'y' } };
  return cluster.client.create(ResourceClaimTemplate, {
    ...{ ...resource, kind: 'ResourceClaimTemplate', metadata: { name, namespace }, spec: { metadata, spec } },
  });
}

const claimOf = (pod: string) =>
  cluster.eventually(async () => {
    const { status } = await cluster.client.get(Pod, { namespace, name: pod });
    return status?.resourceClaimStatuses?.[0]?.resourceClaimName;
  });
const read = (name: string) => cluster.client.get(ResourceClaim, { namespace, name });
const gone = (name: string) =>
  cluster.eventually(async () =>
    (await cluster.client.list(ResourceClaim, { namespace })).items.every(({ metadata }) => metadata.name !== name),
  );

async function allocate(name: string, user?: Pod): Promise<void> {
  await cluster.client.patch(ResourceClaim, { namespace, name }, 'merge', { metadata: { finalizers: [finalizer] } });
  const reservedFor = user ? [{ resource: 'pods', name: user.metadata.name, uid: user.metadata.uid }] : [];
  const status = { allocation: {}, reservedFor };
  await cluster.client.patch(ResourceClaim, { namespace, name }, 'merge', { status }, { subresource: 'status' });
}

test('a claim is made for a pod, as its template says, and goes when the pod has ended', async () => {
  const waiting = await makePod('early', [{ name: 'gpu', resourceClaimTemplateName: 'late' }]);
  const events = await cluster.eventually(async () => {
    const { items } = await cluster.client.list(Event, { namespace });
    const found = items.filter(({ reason }) => reason === 'FailedResourceClaimCreation');
    return found.length > 0 && found;
  });
  expect(events[0]).toMatchObject({
    message: 'PodResourceClaim gpu: resource claim template "late": resourceclaimtemplate.resource.k8s.io "late" not found',
  });
  await makeTemplate('late');
  const name = await claimOf('early');
  expect(name).toMatch(/^early-gpu-.{5}$/);
  expect(await read(name)).toMatchObject({
    metadata: {
      labels: { app: 'x' },
      annotations: { note: 'y', [podClaimAnnotation]: 'gpu' },
      ownerReferences: [{ kind: 'Pod', name: 'early', uid: waiting.metadata.uid, controller: true }],
    },
    spec: { devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'gpu', count: 1 } }] } },
  });
  await allocate(name, waiting);
  await cluster.client.patch(Pod, { namespace, name: 'early' }, 'merge', { status: { phase: 'Succeeded' } }, { subresource: 'status' });
  await gone(name);
});

test('a claim that somebody deletes is made again, once', async () => {
  await makeTemplate('again');
  await makePod('steady', [{ name: 'gpu', resourceClaimTemplateName: 'again' }]);
  const first = await claimOf('steady');
  await cluster.client.delete(ResourceClaim, { namespace, name: first });
  await cluster.eventually(async () => (await claimOf('steady')) !== first);
  const { items } = await cluster.client.list(ResourceClaim, { namespace });
  expect(items.filter(({ metadata }) => metadata.ownerReferences?.some(({ name }) => name === 'steady'))).toHaveLength(1);
});

test('long names are cut, each in proportion', async () => {
  await makeTemplate('long');
  await makePod('p'.repeat(60), [{ name: 'c'.repeat(40), resourceClaimTemplateName: 'long' }]);
  expect(await claimOf('p'.repeat(60))).toMatch(/^p{33}-c{22}.{5}$/);
});

test('what was allocated stays for the last user, and goes with it', async () => {
  await cluster.client.create(ResourceClaim, { ...resource, kind: 'ResourceClaim', metadata: { name: 'shared', namespace }, spec });
  const one = await makePod('one', [{ name: 'gpu', resourceClaimName: 'shared' }]);
  await allocate('shared', one);
  // It has a node without a scheduler that would have reserved the claim.
  await makePod('two', [{ name: 'gpu', resourceClaimName: 'shared' }], 'n1');
  const users = async () => (await read('shared')).status?.reservedFor?.map(({ name }) => name) ?? [];
  await cluster.eventually(async () => (await users()).length === 2);
  await cluster.client.delete(Pod, { namespace, name: 'one' });
  await cluster.eventually(async () => (await users()).length === 1);
  expect(await read('shared')).toMatchObject({
    metadata: { finalizers: [finalizer] },
    status: { allocation: {}, reservedFor: [{ name: 'two' }] },
  });
  await cluster.client.delete(Pod, { namespace, name: 'two' }, { gracePeriodSeconds: 0 });
  const freed = await cluster.eventually(async () => {
    const claim = await read('shared');
    return !claim.status?.allocation && !claim.metadata.finalizers?.length && claim;
  });
  expect(freed.status?.reservedFor ?? []).toEqual([]);
});

test('a claim without users that is deleted gives back what it has', async () => {
  await cluster.client.create(ResourceClaim, { ...resource, kind: 'ResourceClaim', metadata: { name: 'idle', namespace }, spec });
  await allocate('idle');
  await cluster.client.delete(ResourceClaim, { namespace, name: 'idle' });
  await gone('idle');
});
