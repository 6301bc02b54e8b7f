import { ReplicationController } from '@berth/api';
import { managedFieldsOf } from '@berth/machinery';
import { expect, test } from 'vitest';
import { callFor, startTestServer } from '../test-server.ts';

test('a scale of none leaves the number out, which then nobody owns, and shows a selector of labels', async () => {
  const { server, client } = await startTestServer();
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'x' }] } };
  const metadata = { name: 'web', namespace: 'default' };
  const spec = { replicas: 2, selector: { app: 'web' }, template };
  await client.create(ReplicationController, { apiVersion: 'v1', kind: 'ReplicationController', metadata, spec });
  const target = callFor(ReplicationController, 'default', 'web', 'scale');
  const put = (replicas: number) =>
    server.update(target, { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata, spec: { replicas } }, { userAgent: 'test' });
  expect((await put(3)).object).toMatchObject({ spec: { replicas: 3 }, status: { replicas: 0, selector: 'app=web' } });
  const owners = async () =>
    managedFieldsOf(await client.get(ReplicationController, { namespace: 'default', name: 'web' }))?.filter(
      ({ subresource }) => subresource,
    );
  // As in Kubernetes, nobody notes when.
  expect(await owners()).toEqual([expect.not.objectContaining({ time: expect.anything() })]);
  expect((await put(0)).object).toMatchObject({ spec: {} });
  expect((await put(0)).object).not.toHaveProperty('spec.replicas');
  expect(await owners()).toEqual([]);
});

test('whether there is anything to scale is asked before the number is looked at', async () => {
  const { server } = await startTestServer();
  const target = callFor(ReplicationController, 'default', 'absent', 'scale');
  const body = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'absent', namespace: 'default' }, spec: { replicas: -1 } };
  await expect(server.update(target, body)).rejects.toThrow('not found');
  await server.stop();
});

test.each([
  [{}, 'the name of the object (web based on URL) was undeterminable: name must be provided'],
  [{ name: 'other' }, 'the name of the object (other) does not match the name on the URL (web)'],
  [{ name: 'web', namespace: 'other' }, 'the namespace of the provided object does not match the namespace sent on the request'],
])('a scale of %j scales nothing', async (metadata, message) => {
  const { server } = await startTestServer();
  const target = callFor(ReplicationController, 'default', 'web', 'scale');
  const body = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata, spec: { replicas: 0 } };
  await expect(server.update(target, body)).rejects.toThrow(message);
  await server.stop();
});
