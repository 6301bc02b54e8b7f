import { ConfigMap, Namespace, Pod, ServiceAccount } from '@berth/api';
import { isReason } from '@berth/machinery';
import { expect, test } from 'vitest';
import { makeNamespace, startTestCluster } from './testing.ts';

test('a namespace gets its account and goes with all that is in it, but waits for what holds on', async () => {
  const cluster = await startTestCluster();
  const { client, eventually } = cluster;
  try {
    await makeNamespace(client, 'team');
    await eventually(async () => (await client.list(ServiceAccount, { namespace: 'team' })).items.length === 1);
    await client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'team' } });
    const spec = { containers: [{ name: 'main', image: 'web:1' }] };
    const metadata = { name: 'held', namespace: 'team', finalizers: ['example.com/hold'] };
    await client.create(Pod, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
    await client.delete(Namespace, { name: 'team' });
    const waiting = await eventually(async () => {
      const namespace = await client.get(Namespace, { name: 'team' });
      return namespace.status?.conditions?.some(({ reason }) => reason === 'SomeFinalizersRemain') && namespace;
    });
    expect(waiting.status?.conditions?.find(({ type }) => type === 'NamespaceFinalizersRemaining')?.message).toBe(
      'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    );
    // Pods go first: what they may need to end well is still there.
    expect((await client.list(ConfigMap, { namespace: 'team' })).items).toHaveLength(1);
    await client.patch(Pod, metadata, 'merge', { metadata: { finalizers: null } });
    await eventually(() =>
      client.get(Namespace, { name: 'team' }).then(
        () => false,
        (error: unknown) => isReason(error, 'NotFound'),
      ),
    );
    expect((await client.list(ConfigMap, { namespace: 'team' })).items).toEqual([]);
  } finally {
    await cluster.stop();
  }
});
