// What other servers answer for, as clients in the same process have it: by the registry, over real HTTPS, as their own user.
import { APIService, ConfigMap, Deployment, Namespace, NodeMetrics } from '@berth/api';
import { defineKind, type KubeObject } from '@berth/machinery';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { startTestServer } from '../core/test-server.ts';
import { Aggregation } from './aggregation.ts';
import { apiService, group, makeService, startExtensionServer } from './extension-server.ts';

async function started() {
  const { server, client } = await startTestServer();
  onTestFinished(() => server.stop());
  const extension = await startExtensionServer();
  onTestFinished(() => extension.stop());
  await client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' }, spec: {} });
  const aggregation = new Aggregation({
    client,
    connections: { connect: () => extension.connect() },
    credentials: () => extension.frontProxy.credentials(),
    kinds: server.kinds,
    registry: new Registry(),
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
  });
  onTestFinished(() => aggregation.stop());
  server.passTo(aggregation);
  await aggregation.start();
  return { server, client, extension };
}

/** Takes what it needs on a busy machine. */
const soon = <T>(found: () => T) => expect.poll(found, { timeout: 60_000, interval: 20 });

/** A kind that is known to its server and to whoever asks for it. */
const Item = defineKind<KubeObject & { size?: number }>({
  group,
  version: 'v1',
  kind: 'Item',
  plural: 'items',
  scope: 'Namespaced',
  schema: ConfigMap.schema,
});

test('clients in the same process reach what others answer for as any kind, as their own user', async () => {
  const { server, client, extension } = await started();
  const reader = server.localClient({ name: 'reader', groups: ['system:masters'] });
  await expect(reader.list(Item)).rejects.toMatchObject({ code: 404 });
  const item = (name: string, size: number) => ({ apiVersion: `${group}/v1`, kind: 'Item', metadata: { name, namespace: 'shop' }, size });
  const said: string[] = [];
  extension.handler = (request, response) => {
    const { method, url = '', headers } = request;
    said.push(`${method} ${url} as ${headers['x-remote-user']}`);
    const answer = (code: number, ...bodies: unknown[]) =>
      response.writeHead(code, { 'content-type': 'application/json' }).end(bodies.map((body) => JSON.stringify(body)).join('\n'));
    if (url.endsWith('/none')) return answer(404, { kind: 'Status', code: 404, reason: 'NotFound', message: 'items "none" not found' });
    if (url.includes('watch=true'))
      return answer(200, { type: 'ADDED', object: item('a', 1) }, { type: 'BOOKMARK', object: { metadata: { resourceVersion: '7' } } }, '');
    if (method === 'POST') return request.pipe(response.writeHead(201));
    if (url.endsWith('/a')) return answer(200, item('a', 1));
    return answer(200, { kind: 'ItemList', metadata: { resourceVersion: '5' }, items: [item('a', 1), item('b', 2)] });
  };
  await makeService(client);
  await client.create(APIService, apiService({ caBundle: extension.caBundle }));
  await soon(() => server.otherFor(group, 'v1')?.isAvailable).toBe(true);
  expect((await reader.list(Item, { namespace: 'shop', labelSelector: 'x=y' })).items.map(({ size }) => size)).toEqual([1, 2]);
  expect(await reader.get(Item, { namespace: 'shop', name: 'a' })).toMatchObject({ size: 1 });
  await expect(reader.get(Item, { namespace: 'shop', name: 'none' })).rejects.toMatchObject({
    code: 404,
    message: 'items "none" not found',
  });
  expect(await reader.create(Item, item('c', 3))).toMatchObject({ size: 3 });
  const seen: string[] = [];
  for await (const event of reader.watch(Item, { resourceVersion: '5' })) {
    seen.push(event.type === 'BOOKMARK' ? event.resourceVersion : `${event.type} ${event.object.metadata.name}`);
    if (seen.length === 2) break;
  }
  expect(seen).toEqual(['ADDED a', '7']);
  const base = `/apis/${group}/v1/namespaces/shop/items`;
  expect(said).toEqual([
    `GET ${base}?labelSelector=x%3Dy as reader`,
    `GET ${base}/a as reader`,
    `GET ${base}/none as reader`,
    `POST ${base} as reader`,
    `GET /apis/${group}/v1/items?resourceVersion=5&watch=true&allowWatchBookmarks=true as reader`,
  ]);
  const stranger = server.localClient({ name: 'stranger', groups: ['system:authenticated'] });
  await expect(stranger.list(Item)).rejects.toMatchObject({ code: 403 });
  expect(said).toHaveLength(5);
});

test('computed kinds are another server’s once it answers for them, and stored ones stay', async () => {
  const { server, client, extension } = await started();
  extension.handler = (_request, response) =>
    void response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: [{ metadata: { name: 'far' } }] }));
  await makeService(client);
  const metrics = apiService({ group: 'metrics.k8s.io', version: 'v1beta1', insecureSkipTLSVerify: true });
  const { service } = metrics.spec;
  await client.create(APIService, { ...metrics, metadata: { name: 'v1beta1.metrics.k8s.io' } });
  await soon(async () => (await client.list(APIService)).items.some(({ metadata }) => metadata.name === 'v1.apps')).toBe(true);
  await client.patch(APIService, { name: 'v1.apps' }, 'merge', { spec: { service, insecureSkipTLSVerify: true } });
  await soon(() => server.otherFor('apps', 'v1')).toBeDefined();
  const available = { type: 'Available', status: 'True', reason: 'Passed', message: '' };
  await client.patch(
    APIService,
    { name: 'v1beta1.metrics.k8s.io' },
    'merge',
    { status: { conditions: [available] } },
    { subresource: 'status' },
  );
  await soon(async () => (await client.list(NodeMetrics)).items.map(({ metadata }) => metadata.name)).toEqual(['far']);
  expect((await client.list(Deployment)).items).toEqual([]);
});
