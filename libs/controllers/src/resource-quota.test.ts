import { Pod, ResourceQuota } from '@berth/api';
import { pod } from '@berth/apiserver/testing';
import { expect, test } from 'vitest';
import { startTestCluster } from './testing.ts';

test('usage falls when objects go or end, and rises with those that come', async () => {
  const { client, eventually, stop } = await startTestCluster();
  const key = { namespace: 'default', name: 'team' };
  const used = async () => (await client.get(ResourceQuota, key)).status?.used?.pods;
  await client.create(ResourceQuota, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { ...key }, spec: { hard: { pods: '2' } } });
  await eventually(async () => (await used()) === '0');
  await client.create(Pod, pod('one'));
  await client.create(Pod, pod('two'));
  expect(await used()).toBe('2');
  await client.delete(Pod, { namespace: 'default', name: 'one' });
  await eventually(async () => (await used()) === '1');
  await client.patch(Pod, { namespace: 'default', name: 'two' }, 'merge', { status: { phase: 'Succeeded' } }, { subresource: 'status' });
  await eventually(async () => (await used()) === '0');
  await client.patch(ResourceQuota, key, 'merge', { spec: { hard: { pods: '5' } } });
  await eventually(async () => (await client.get(ResourceQuota, key)).status?.hard?.pods === '5');
  await stop();
});

test('a pod that nobody says is gone stops counting when its grace period is over', async () => {
  const { client, eventually, stop } = await startTestCluster();
  const key = { namespace: 'default', name: 'team' };
  const used = async () => (await client.get(ResourceQuota, key)).status?.used?.pods;
  await client.create(ResourceQuota, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { ...key }, spec: { hard: { pods: '1' } } });
  await eventually(async () => (await used()) === '0');
  const lost = pod('lost');
  await client.create(Pod, { ...lost, spec: { ...lost.spec, nodeName: 'gone' } });
  await client.delete(Pod, { namespace: 'default', name: 'lost' }, { gracePeriodSeconds: 1 });
  expect((await client.get(Pod, { namespace: 'default', name: 'lost' })).metadata.deletionTimestamp).toBeTruthy();
  expect(await used()).toBe('1');
  await eventually(async () => (await used()) === '0');
  await client.create(Pod, pod('next'));
  await stop();
});
