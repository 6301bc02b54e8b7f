// Servers that extend the API, over real HTTPS: what they are asked, what is said of them, and that one which hangs keeps nobody waiting.
import { APIService, CustomResourceDefinition, EndpointSlice, Namespace, Service } from '@berth/api';
import type { Client } from '@berth/client';
import { seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ApiServer } from '../core/api-server.ts';
import { startTestServer } from '../core/test-server.ts';
import { Aggregation } from './aggregation.ts';
import { apiService, type ExtensionServer, group, items, makeService, startExtensionServer } from './extension-server.ts';
import { managedLabel } from './local-api-services.ts';

let server: ApiServer;
let client: Client;
let extension: ExtensionServer;
let aggregation: Aggregation;
let registry: Registry;
/** Whether there is no way to any server, and nobody says so. */
let isStuck: boolean;

beforeEach(async () => {
  isStuck = false;
  ({ server, client } = await startTestServer());
  extension = await startExtensionServer();
  await client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' }, spec: {} });
  aggregation = await started();
});
afterEach(async () => {
  await aggregation.stop();
  await extension.stop();
  await server.stop();
});

async function started(): Promise<Aggregation> {
  registry = new Registry();
  const made = new Aggregation({
    client,
    connections: { connect: () => (isStuck ? new Promise(() => {}) : extension.connect()) },
    credentials: () => extension.frontProxy.credentials(),
    kinds: server.kinds,
    registry,
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
  });
  server.passTo(made);
  await made.start();
  return made;
}

/** Takes what it needs on a busy machine. */
const soon = <T>(found: () => T) => expect.poll(found, { timeout: 10_000, interval: 20 });

const condition = async (name: string) => {
  const { status } = await client.get(APIService, { name });
  const found = status?.conditions?.find(({ type }) => type === 'Available');
  return found && `${found.status} ${found.reason}: ${found.message}`;
};
const becomes = (said: string | RegExp, name = `v1.${group}`) => soon(() => condition(name)).toMatch(said);

test('an APIService is available once its service, its endpoints and its server are', async () => {
  await client.create(APIService, apiService({ caBundle: extension.caBundle }));
  await becomes('False ServiceNotFound: service/api in "shop" is not present');
  await makeService(client);
  await becomes('True Passed: all checks passed');
  const { headers, proxy, url } = extension.asked.find(({ url }) => url === `/apis/${group}/v1`) ?? {};
  expect([headers?.['x-remote-user'], headers?.['x-remote-group'], proxy, url]).toEqual([
    'system:kube-aggregator',
    'system:masters',
    'front-proxy-client',
    `/apis/${group}/v1`,
  ]);
  await client.delete(EndpointSlice, { namespace: 'shop', name: 'api-1' });
  await becomes('False EndpointsNotFound: cannot find endpointslices for service/api in "shop"');
  expect(await registry.metrics()).toMatch(
    new RegExp(`aggregator_unavailable_apiservice_total{name="v1.${group}",reason="EndpointsNotFound"} 1`),
  );
  expect(await registry.metrics()).toContain(`aggregator_unavailable_apiservice{name="v1.${group}"} 1`);
});

test('why it is not is said in Kubernetes’ words', async () => {
  await makeService(client);
  await client.create(APIService, apiService({ service: { namespace: 'shop', name: 'api', port: 8443 } }));
  await becomes('False ServicePortError: service/api in "shop" is not listening on port 8443');
  const service = await client.get(APIService, { name: `v1.${group}` });
  await client.update(APIService, { ...service, spec: { ...service.spec, service: { namespace: 'shop', name: 'api', port: 443 } } });
  await becomes('True Passed');
  const slice = await client.get(EndpointSlice, { namespace: 'shop', name: 'api-1' });
  await client.update(EndpointSlice, { ...slice, endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: false } }] });
  await becomes('False MissingEndpoints: endpointslices for service/api in "shop" have no addresses with port name "https"');
});

test('a server that has no such version is not available', async () => {
  await makeService(client);
  await client.create(APIService, apiService({ version: 'v2' }, 'v2'));
  const { clusterIP } = (await client.get(Service, { namespace: 'shop', name: 'api' })).spec ?? {};
  const url = `https://${clusterIP}:443/apis/${group}/v2`;
  await becomes(`False FailedDiscoveryCheck: failing or missing response from ${url}: bad status from ${url}: 404`, `v2.${group}`);
});

test('discovery and OpenAPI of other servers stand among those of this one', async () => {
  await makeService(client);
  const kinds = server.kinds.all;
  expect(aggregation.groups(kinds).map(({ name }) => name)).toEqual([
    'apiregistration.k8s.io',
    '',
    'apps',
    'events.k8s.io',
    'authentication.k8s.io',
    'authorization.k8s.io',
    'autoscaling',
    'batch',
    'certificates.k8s.io',
    'networking.k8s.io',
    'policy',
    'rbac.authorization.k8s.io',
    'storage.k8s.io',
    'admissionregistration.k8s.io',
    'apiextensions.k8s.io',
    'scheduling.k8s.io',
    'coordination.k8s.io',
    'node.k8s.io',
    'discovery.k8s.io',
    'resource.k8s.io',
    'flowcontrol.apiserver.k8s.io',
    'decisions.scheduling.berth.io',
    'history.berth.io',
    'metrics.k8s.io',
  ]);
  const autoscaling = aggregation.groups(kinds).find(({ name }) => name === 'autoscaling');
  expect(autoscaling?.versions.map(({ version }) => version)).toEqual(['v2', 'v1']);
  await client.create(APIService, apiService({ caBundle: extension.caBundle }));
  await client.create(APIService, apiService({ versionPriority: 300, service: { namespace: 'shop', name: 'none' } }, 'v2'));
  const found = () => aggregation.groups(kinds).find(({ name }) => name === group)?.versions;
  await soon(() => found()?.map(({ version, far }) => `${version} ${far?.freshness}`)).toEqual(['v2 Stale', 'v1 Current']);
  const responseKind = { group, version: 'v1', kind: 'Item' };
  expect(found()?.map(({ far }) => far?.resources)).toEqual([[], [{ ...items, responseKind }]]);
  expect(aggregation.paths()).toEqual([`apis/${group}/v1`, `apis/${group}/v2`]);
  await soon(() => [...aggregation.openApiV3()].map(([path, { hash }]) => `${path} ${hash}`)).toEqual([`apis/${group}/v1 ABC`]);
  await expect
    .poll(() => aggregation.openApiV2Parts())
    .toEqual([
      {
        definitions: {
          Item: {
            type: 'object',
            properties: { size: { $ref: '#/definitions/Size' } },
            'x-kubernetes-group-version-kind': [responseKind],
          },
          Size: { type: 'integer' },
        },
        paths: { [`/apis/${group}/v1/items`]: { get: {} } },
      },
    ]);
});

test('a server that hangs keeps nobody waiting, and is not waited for at the end', async () => {
  await makeService(client);
  extension.handler = () => {};
  await client.create(APIService, apiService({ version: 'v3' }, 'v3'));
  await soon(() => extension.asked.some(({ url }) => url?.endsWith('/v3'))).toBe(true);
  expect(aggregation.groups(server.kinds.all).find(({ name }) => name === group)).toMatchObject({
    name: group,
    versions: [{ version: 'v3', far: { freshness: 'Stale' } }],
  });
  isStuck = true;
  await client.create(APIService, apiService({ version: 'v4' }, 'v4'));
  await soon(() => aggregation.paths().length).toBe(2);
  await aggregation.stop();
  await soon(() => extension.open.size).toBe(0);
});

test('what this server answers itself has local APIServices; those of definitions come and go', async () => {
  const names = async () => (await client.list(APIService)).items.map(({ metadata }) => metadata.name);
  await soon(names).toContain('v1.apps');
  expect(await names()).not.toContain('v1.apiregistration.k8s.io');
  const apps = await client.get(APIService, { name: 'v1.apps' });
  expect(apps.metadata.labels).toEqual({ [managedLabel]: 'onstart' });
  expect(apps.spec).toEqual({ group: 'apps', version: 'v1', groupPriorityMinimum: 17_800, versionPriority: 15 });
  expect(apps.status?.conditions?.[0]).toMatchObject({ status: 'True', reason: 'Local' });
  const core = await client.get(APIService, { name: 'v1.' });
  expect(core.spec).toEqual({ version: 'v1', groupPriorityMinimum: 18_000, versionPriority: 1 });

  const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }];
  const spec = { group: 'tools.example.com', scope: 'Cluster', names: { plural: 'saws', kind: 'Saw' }, versions };
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'saws.tools.example.com' },
    spec,
  };
  await client.create(CustomResourceDefinition, definition as CustomResourceDefinition);
  await becomes('True Local', 'v1.tools.example.com');
  const custom = await client.get(APIService, { name: 'v1.tools.example.com' });
  expect([custom.metadata.labels, custom.spec.groupPriorityMinimum, custom.spec.versionPriority]).toEqual([
    { [managedLabel]: 'true' },
    1000,
    100,
  ]);
  // Whoever removes it finds it again, while the definition is there.
  await client.delete(APIService, { name: 'v1.tools.example.com' });
  await becomes('True Local', 'v1.tools.example.com');
  await client.delete(CustomResourceDefinition, { name: 'saws.tools.example.com' });
  await soon(names).not.toContain('v1.tools.example.com');
});

test('a local APIService that was removed or changed is made again by the next start, and only then', async () => {
  await soon(async () => (await client.list(APIService)).items.length).toBeGreaterThan(15);
  await soon(() => condition('v1.apps')).toMatch('True Local');
  const batch = await client.get(APIService, { name: 'v1.batch' });
  await client.update(APIService, { ...batch, spec: { ...batch.spec, versionPriority: 7 } });
  const stray = { ...apiService({ service: undefined }), metadata: { name: `v1.${group}`, labels: { [managedLabel]: 'onstart' } } };
  await client.create(APIService, stray);
  await aggregation.stop();
  aggregation = await started();
  await soon(async () => (await client.get(APIService, { name: 'v1.batch' })).spec.versionPriority).toBe(15);
  await soon(async () => (await client.list(APIService)).items.some(({ metadata }) => metadata.name === `v1.${group}`)).toBe(false);
});

test('what others answer for is found by its version, and registration itself never is', async () => {
  expect(server.otherFor(group, 'v1')).toBeUndefined();
  await client.create(APIService, apiService());
  const own = { group: 'apiregistration.k8s.io', version: 'v1' };
  await client.create(APIService, { ...apiService(own), metadata: { name: 'v1.apiregistration.k8s.io' } });
  await soon(() => server.otherFor(group, 'v1')).toMatchObject({ group, version: 'v1', isAvailable: false });
  expect(server.otherFor(group, '')).toBeUndefined();
  expect(server.otherFor('apiregistration.k8s.io', 'v1')).toBeUndefined();
  await client.delete(APIService, { name: `v1.${group}` });
  await soon(() => server.otherFor(group, 'v1')).toBeUndefined();
});

test('what others have in a namespace that goes is deleted there, and the namespace hears what is left', async () => {
  expect(aggregation.namespaces.of('team')).toBeUndefined();
  const path = `/apis/${group}/v1/namespaces/team/items`;
  const left = new Map<string, object>([
    ['a', {}],
    ['b', { finalizers: ['example.com/hold'] }],
  ]);
  extension.handler = ({ method, url = '' }, response) => {
    const name = url.slice(path.length + 1).split('?', 1)[0] ?? '';
    if (method === 'DELETE' && name === 'a') left.delete('a');
    if (method === 'DELETE' && name === 'b') left.set('b', { ...left.get('b'), deletionTimestamp: '2026-01-01T00:00:00Z' });
    const items = [...left].map(([each, more]) => ({ metadata: { name: each, ...more } }));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ items }));
  };
  await makeService(client);
  await client.create(APIService, apiService({ caBundle: extension.caBundle }));
  await soon(() => aggregation.namespaces.of('team')?.contents?.undiscovered).toEqual([`${group}/v1`]);
  await becomes('True Passed');
  await soon(() => aggregation.namespaces.of('team')?.contents).toEqual({
    undiscovered: [],
    failures: [],
    remaining: [{ resource: `items.${group}`, count: 1, finalizers: ['example.com/hold'] }],
  });
  expect(extension.asked.find(({ method }) => method === 'DELETE')?.headers['x-remote-user']).toBe(
    'system:serviceaccount:kube-system:namespace-controller',
  );
  left.clear();
  await soon(() => aggregation.namespaces.of('team')?.contents?.remaining).toEqual([]);
  extension.handler = (_request, response) => void response.writeHead(500).end();
  await soon(() => aggregation.namespaces.of('team')?.contents?.failures).toEqual([
    `unexpected error deleting content of items.${group}: ${path} answered 500`,
  ]);
});
