import { createServer } from 'node:net';
import type { EndpointSlice, Service } from '@berth/api';
import { silentLogger, systemClock } from '@berth/telemetry';
import { afterEach, expect, test } from 'vitest';
import { askedServices, ServiceHealthServers, serviceHealth } from './service-health.ts';

const address = '127.0.0.1';
const servers = new ServiceHealthServers({ nodeName: 'here', address, clock: systemClock, logger: silentLogger });
afterEach(() => servers.stop());

function service(healthCheckNodePort: number, spec: Partial<Service['spec']> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort, ...spec },
  };
}

function slice(endpoints: { address: string; node: string; ready?: boolean }[]): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `web-${endpoints.length}`, namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: endpoints.map(({ address: ip, node, ready = true }) => ({ addresses: [ip], nodeName: node, conditions: { ready } })),
    ports: [{ port: 80, protocol: 'TCP' }],
  };
}

const here = { address: '10.244.0.2', node: 'here' };

/** One that nobody listens on, as far as anybody can know. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('endpoints count that are ready, on this node, and once', () => {
  const slices = [
    slice([here, { ...here, address: '10.244.0.3', ready: false }]),
    slice([here, { address: '10.244.1.2', node: 'there' }, here]),
  ];
  expect(serviceHealth([service(30_900)], slices, 'here').get(30_900)?.localEndpoints).toBe(1);
});

test.each<[string, Partial<Service['spec']>]>([
  ['of another type', { type: 'NodePort' }],
  ['whose traffic goes anywhere', { externalTrafficPolicy: 'Cluster' }],
])('nobody asks for a service %s', (_, spec) => {
  expect(serviceHealth(askedServices([service(30_900, spec)]), [slice([here])], 'here').size).toBe(0);
});

test('a balancer is told whether there are endpoints here, and nothing once the service is gone', async () => {
  const port = await freePort();
  const ask = () => fetch(`http://${address}:${port}/`);
  await servers.sync([service(port)], [slice([here])]);
  const healthy = await ask();
  expect([healthy.status, healthy.headers.get('x-load-balancing-endpoint-weight')]).toEqual([200, '1']);
  expect(await healthy.json()).toEqual({ service: { namespace: 'default', name: 'web' }, localEndpoints: 1, serviceProxyHealthy: true });
  await servers.sync([service(port)], [slice([{ ...here, node: 'there' }])]);
  expect((await ask()).status).toBe(503);
  await servers.sync([], []);
  await expect(ask()).rejects.toThrow();
});

test('a port that another program has is tried again', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, address, resolve));
  const { port } = other.address() as { port: number };
  await servers.sync([service(port)], [slice([here])]);
  await new Promise((resolve) => other.close(resolve));
  await servers.sync([service(port)], [slice([here])]);
  expect((await fetch(`http://${address}:${port}/`)).status).toBe(200);
});
