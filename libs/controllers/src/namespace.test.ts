import { ConfigMap, Event, Namespace, Pod, ServiceAccount } from '@berth/api';
import { isReason } from '@berth/machinery';
import { expect, test } from 'vitest';
import { type FurtherState, planNamespace } from './namespace.ts';
import { makeNamespace, startTestCluster } from './testing.ts';

test('a namespace gets its account and goes with all that is in it, but waits for what holds on', async () => {
  const cluster = await startTestCluster();
  const { client, eventually } = cluster;
  try {
    await makeNamespace(client, 'team');
    await eventually(async () => (await client.list(ServiceAccount, { namespace: 'team' })).items.length === 1);
    await client.create(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'team' } });
    for (let i = 0; i < 120; i++) {
      const involvedObject = { kind: 'Pod', namespace: 'team', name: 'held' };
      await client.create(Event, { apiVersion: 'v1', kind: 'Event', metadata: { name: `e${i}`, namespace: 'team' }, involvedObject });
    }
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
    expect((await client.list(Event, { namespace: 'team' })).items).toEqual([]);
  } finally {
    await cluster.stop();
  }
});

test('it waits for what other servers have in it, and says what that is', () => {
  const namespace: Namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'team', deletionTimestamp: '2026-01-01T00:00:00Z' },
    spec: { finalizers: ['kubernetes'] },
  };
  const planned = (further: FurtherState | undefined) => {
    const actions = planNamespace({ namespace, contents: [], kinds: [], further }, 0);
    const status = actions.find((action) => action.type === 'updateStatus')?.object as Namespace;
    const said = status.status?.conditions
      ?.filter((condition) => condition.status === 'True')
      .map(({ type, message }) => `${type}: ${message}`);
    return { types: actions.map(({ type }) => type), said };
  };
  const none = { undiscovered: [], failures: [], remaining: [] };
  expect(planned(undefined)).toEqual({ types: ['updateStatus', 'deleteAll', 'ifEmpty'], said: [] });
  expect(planned({ contents: none })).toEqual({ types: ['updateStatus', 'deleteAll', 'ifEmpty'], said: [] });
  expect(planned({ contents: undefined }).types).toEqual(['updateStatus', 'requeue']);
  const contents = {
    undiscovered: ['shop.example.com/v1'],
    failures: ['unexpected error deleting content of carts.shop.example.com: no answer within 30 s'],
    remaining: [{ resource: 'items.shop.example.com', count: 2, finalizers: ['example.com/hold'] }],
  };
  expect(planned({ contents })).toEqual({
    types: ['updateStatus', 'requeue'],
    said: [
      'NamespaceDeletionDiscoveryFailure: Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: shop.example.com/v1: stale GroupVersion discovery: shop.example.com/v1',
      'NamespaceDeletionContentFailure: Failed to delete all resource types, 1 remaining: unexpected error deleting content of carts.shop.example.com: no answer within 30 s',
      'NamespaceContentRemaining: Some resources are remaining: items.shop.example.com has 2 resource instances',
      'NamespaceFinalizersRemaining: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    ],
  });
});
