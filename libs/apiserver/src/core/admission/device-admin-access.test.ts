// Admin access to devices, where it is asked for and where it is given, and the label that allows it (pkg/registry/resource/utils.go).
import { Namespace, ResourceClaim, ResourceClaimTemplate } from '@berth/api';
import { expect, test } from 'vitest';
import { startTestServer } from '../test-server.ts';

const resource = { apiVersion: 'resource.k8s.io/v1' };
const spec = (adminAccess: boolean) => ({
  devices: { requests: [{ name: 'all', exactly: { deviceClassName: 'gpu', allocationMode: 'All', adminAccess } }] },
});
const claim = (namespace: string, adminAccess = true): ResourceClaim => ({
  ...resource,
  kind: 'ResourceClaim',
  metadata: { name: 'watcher', namespace },
  spec: spec(adminAccess),
});
const template = (namespace: string): ResourceClaimTemplate => ({
  ...resource,
  kind: 'ResourceClaimTemplate',
  metadata: { name: 'watcher', namespace },
  spec: { spec: spec(true) },
});
const rule = 'admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace';

test('admin access is for namespaces that have the label', async () => {
  const { server, client } = await startTestServer();
  for (const [name, value] of [
    ['plain', 'false'],
    ['trusted', 'true'],
  ] as const) {
    const labels = { 'resource.kubernetes.io/admin-access': value };
    await client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels }, spec: {} });
  }
  const refused = `"watcher" is invalid: spec.devices.requests[0].adminAccess: Forbidden: ${rule}`;
  await expect(client.create(ResourceClaim, claim('plain'))).rejects.toThrow(refused);
  await expect(client.create(ResourceClaimTemplate, template('plain'))).rejects.toThrow(refused);
  await client.create(ResourceClaim, claim('trusted'));
  await client.create(ResourceClaimTemplate, template('trusted'));

  await client.create(ResourceClaim, claim('plain', false));
  const results = [{ request: 'all', driver: 'gpu.example.com', pool: 'p', device: 'd', adminAccess: true }];
  const allocate = (namespace: string) =>
    client.patch(
      ResourceClaim,
      { namespace, name: 'watcher' },
      'merge',
      { status: { allocation: { devices: { results } } } },
      { subresource: 'status' },
    );
  await expect(allocate('plain')).rejects.toThrow(`status.allocation.devices.results[0].adminAccess: Forbidden: ${rule}`);
  await allocate('trusted');
  await client.patch(Namespace, { name: 'trusted' }, 'merge', { metadata: { labels: { 'resource.kubernetes.io/admin-access': null } } });
  // What was given stays given.
  const labelled = { metadata: { labels: { a: 'b' } } };
  await client.patch(ResourceClaim, { namespace: 'trusted', name: 'watcher' }, 'merge', labelled);
  await server.stop();
});
