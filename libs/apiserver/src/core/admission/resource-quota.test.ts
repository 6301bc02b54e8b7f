import { ConfigMap, Deployment, Pod, ResourceQuota, type ResourceQuotaSpec, Service } from '@berth/api';
import type { Client } from '@berth/client';
import { isReason } from '@berth/machinery';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { componentUsers } from '../component-users.ts';
import { callFor, pod, service, startTestServer } from '../test-server.ts';

let running: Awaited<ReturnType<typeof startTestServer>>;
let client: Client;
let controller: Client;
beforeAll(async () => {
  running = await startTestServer();
  client = running.client;
  controller = running.server.localClient(componentUsers.controllerManager);
});
afterAll(() => running.server.stop());
const quotaKey = { namespace: 'default', name: 'team' };
beforeEach(async () => {
  await running.server.deleteCollection(callFor(Pod, 'default'), {});
  await running.server.deleteCollection(callFor(ResourceQuota, 'default'), {});
});

/** As the controller makes it known: the server counts what is there. */
async function limit(spec: ResourceQuotaSpec): Promise<ResourceQuota> {
  const object: ResourceQuota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { ...quotaKey }, spec };
  const created = await client.create(ResourceQuota, object);
  return controller.updateStatus(ResourceQuota, { ...created, status: { hard: {}, used: {} } });
}

const usedNow = async () => (await client.get(ResourceQuota, quotaKey)).status?.used;

function sized(name: string, requests: Record<string, string>): Pod {
  const object = pod(name);
  object.spec.containers = [{ name: 'main', image: 'registry.local/web:1', resources: { requests } }];
  return object;
}

test('the server counts what is there, charges what comes, and says what does not fit', async () => {
  await client.create(Pod, sized('before', { cpu: '500m' }));
  const { status } = await limit({ hard: { 'requests.cpu': '1', pods: '2', 'count/pods': '9' } });
  expect(status).toEqual({
    hard: { 'requests.cpu': '1', pods: '2', 'count/pods': '9' },
    used: { 'requests.cpu': '500m', pods: '1', 'count/pods': '1' },
  });
  await expect(client.create(Pod, sized('large', { cpu: '600m' }))).rejects.toThrow(
    'pods "large" is forbidden: exceeded quota: team, requested: requests.cpu=600m, used: requests.cpu=500m, limited: requests.cpu=1',
  );
  await client.create(Pod, sized('fits', { cpu: '500m' }));
  expect(await usedNow()).toEqual({ 'requests.cpu': '1', pods: '2', 'count/pods': '2' });
  await expect(client.create(Pod, sized('third', { cpu: '0' }))).rejects.toThrow(
    'pods "third" is forbidden: exceeded quota: team, requested: pods=1, used: pods=2, limited: pods=2',
  );
});

test('hundreds that come at once never exceed it, and all that fit get in', async () => {
  await limit({ hard: { pods: '250' } });
  const results = await Promise.allSettled(Array.from({ length: 300 }, (_, index) => client.create(Pod, pod(`rush-${index}`))));
  const refusals = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  expect(refusals).toHaveLength(50);
  expect(refusals.every((error) => isReason(error, 'Forbidden'))).toBe(true);
  expect((await client.list(Pod, { namespace: 'default' })).items).toHaveLength(250);
  expect(await usedNow()).toEqual({ pods: '250' });
});

test('what a quota limits must be said, and is unknown before the first count', async () => {
  await limit({ hard: { 'limits.cpu': '1', 'requests.memory': '1Gi' } });
  await expect(client.create(Pod, pod('silent'))).rejects.toThrow(
    'pods "silent" is forbidden: failed quota: team: must specify limits.cpu for: main; requests.memory for: main',
  );
  await running.server.deleteCollection(callFor(ResourceQuota, 'default'), {});
  await client.create(ResourceQuota, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { ...quotaKey }, spec: { hard: { pods: '1' } } });
  await expect(client.create(Pod, pod('early'))).rejects.toThrow('status unknown for quota: team, resources: pods');
});

test('scopes choose the pods that count', async () => {
  await limit({ hard: { pods: '0' }, scopes: ['BestEffort'] });
  await client.create(Pod, sized('burstable', { cpu: '1m' }));
  await expect(client.create(Pod, pod('besteffort'))).rejects.toThrow(
    'exceeded quota: team, requested: pods=1, used: pods=0, limited: pods=0',
  );
  await running.server.deleteCollection(callFor(ResourceQuota, 'default'), {});
  const inClass = { scopeName: 'PriorityClass', operator: 'In', values: ['system-node-critical'] };
  await limit({ hard: { pods: '0' }, scopeSelector: { matchExpressions: [inClass] } });
  await client.create(Pod, pod('ordinary'));
  const critical = pod('critical');
  critical.spec.priorityClassName = 'system-node-critical';
  await expect(client.create(Pod, critical)).rejects.toThrow('exceeded quota: team');
});

test('other kinds count too, and a service that changes its type is charged', async () => {
  await limit({ hard: { 'count/deployments.apps': '0', 'services.nodeports': '0', configmaps: '0' } });
  await client.create(Service, service('web'));
  await expect(client.patch(Service, { namespace: 'default', name: 'web' }, 'merge', { spec: { type: 'NodePort' } })).rejects.toThrow(
    'services "web" is forbidden: exceeded quota: team, requested: services.nodeports=1, used: services.nodeports=0, limited: services.nodeports=0',
  );
  const metadata = { name: 'one', namespace: 'default' };
  await expect(client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata })).rejects.toThrow('exceeded quota: team');
  const template = { metadata: { labels: { app: 'one' } }, spec: pod('one').spec };
  const spec = { selector: { matchLabels: { app: 'one' } }, template };
  await expect(client.create(Deployment, { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec })).rejects.toThrow(
    'deployments.apps "one" is forbidden: exceeded quota: team, requested: count/deployments.apps=1',
  );
});

test('a resize is charged for what it adds, and refused when that does not fit', async () => {
  await client.create(Pod, sized('grows', { cpu: '200m' }));
  await limit({ hard: { 'requests.cpu': '1' } });
  const resize = (cpu: string) =>
    running.server.patch(callFor(Pod, 'default', 'grows', 'resize'), 'strategic', {
      spec: { containers: [{ name: 'main', resources: { requests: { cpu } } }] },
    });
  await resize('900m');
  expect(await usedNow()).toEqual({ 'requests.cpu': '900m' });
  await expect(resize('1100m')).rejects.toThrow(
    'pods "grows" is forbidden: exceeded quota: team, requested: requests.cpu=200m, used: requests.cpu=900m, limited: requests.cpu=1',
  );
});
