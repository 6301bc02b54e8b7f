// All that CONTRIBUTING.md ("Adding something") says of a kind, held by adding one: nothing but its definition is known to the server, and
// it is served whole.
import { kinds, schemas } from '@berth/api';
import { type Column, defineKind, type KubeObject, openApiV3Parts } from '@berth/machinery';
import { MemoryStore } from '@berth/store';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { expect, onTestFinished, test } from 'vitest';
import { ApiServer } from '../core/api-server.ts';
import { erased } from '../core/kinds-by-name.ts';
import { admin, testConfig } from '../core/test-server.ts';
import { resourceList } from '../documents/discovery.ts';

interface Gadget extends KubeObject {
  data?: Record<string, string>;
}

const size: Column<Gadget> = { name: 'Size', type: 'string', description: 'How large it is.', value: ({ data }) => data?.size ?? '' };

const Gadget = defineKind<Gadget>({
  group: 'toys.example.com',
  version: 'v1',
  kind: 'Gadget',
  plural: 'gadgets',
  scope: 'Namespaced',
  shortNames: ['gg'],
  schema: schemas.message('core.v1.ConfigMap'),
  description: 'Something to play with.',
  validate: ({ data }) => (data?.size === 'none' ? [{ type: 'Invalid', field: 'data.size', value: 'none', detail: 'must be some' }] : []),
  columns: [size],
});

test('a kind is served whole by its definition alone', async () => {
  const ports = { store: new MemoryStore(), clock: systemClock, random: seededRandom(1), logger: silentLogger };
  const server = new ApiServer({ ...ports, config: testConfig, kinds: [...kinds, erased(Gadget)] });
  onTestFinished(() => server.stop());
  await server.start();
  const client = server.localClient(admin);
  const gadget = (name: string, data: Record<string, string>): Gadget => ({
    apiVersion: 'toys.example.com/v1',
    kind: 'Gadget',
    metadata: { name, namespace: 'default' },
    data,
  });
  await client.create(Gadget, gadget('a', { size: '1' }));
  await expect(client.create(Gadget, gadget('b', { size: 'none' }))).rejects.toMatchObject({ code: 422, message: /data.size/ });
  await client.patch(Gadget, { namespace: 'default', name: 'a' }, 'apply', gadget('a', { size: '2' }), {
    fieldManager: 'test',
    force: true,
  });
  const { items } = await client.list(Gadget, { namespace: 'default' });
  expect(items).toMatchObject([{ kind: 'Gadget', metadata: { uid: expect.any(String) }, data: { size: '2' } }]);
  for await (const event of client.watch(Gadget)) {
    expect(event).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'a' } } });
    break;
  }
  const served = server.kinds.require('toys.example.com', 'v1', 'gadgets');
  expect(resourceList([served], 'toys.example.com/v1')).toMatchObject({
    resources: [{ name: 'gadgets', shortNames: ['gg'], kind: 'Gadget' }],
  });
  expect(JSON.stringify([...openApiV3Parts([served], { find: (name) => schemas.message(name) })])).toContain(
    '/apis/toys.example.com/v1/namespaces/{namespace}/gadgets/{name}',
  );
  expect(served.columns.map(({ name }) => name)).toEqual(['Size']);
});
