import { Event, Service, ServiceCIDR } from '@berth/api';
import { MemoryStore } from '@berth/store';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test, vi } from 'vitest';
import { service, serviceRange, startTestServer } from './test-server.ts';

/** For a busy machine. */
const waitMs = 30_000;

const key = { name: 'kubernetes' };

test('the configured range is a ServiceCIDR, which is ready, and made again when it is gone', async () => {
  const clock = new SimulatedClock();
  const { server, client } = await startTestServer({ clock, serviceCidr: '10.97.1.2/16' });
  const range = await client.get(ServiceCIDR, key);
  expect(range.spec.cidrs).toEqual(['10.97.0.0/16']);
  expect(range.status?.conditions).toMatchObject([
    { type: 'Ready', status: 'True', reason: '', message: 'Kubernetes default Service CIDR is ready' },
  ]);
  await client.delete(ServiceCIDR, key);
  await expect(client.create(Service, service('web'))).rejects.toThrow('range is full');
  await clock.advance(10_000);
  const again = await client.get(ServiceCIDR, key);
  expect(again.metadata.uid).not.toBe(range.metadata.uid);
  await vi.waitFor(async () => expect((await client.get(ServiceCIDR, key)).status?.conditions?.[0]?.status).toBe('True'), waitMs);
  await client.create(Service, service('web'));
  await server.stop();
});

test('a server that is configured otherwise says so, changes nothing, and starts', async () => {
  const store = new MemoryStore();
  const first = await startTestServer({ store });
  await first.client.delete(Service, { namespace: 'default', name: 'kubernetes' });
  const before = await first.client.get(ServiceCIDR, key);
  await first.server.stop();
  const { server, client } = await startTestServer({ store, serviceCidr: '10.97.0.0/16' });
  expect(await client.get(ServiceCIDR, key)).toEqual(before);
  const events = await vi.waitFor(async () => {
    const { items } = await client.list(Event, { namespace: 'default' });
    expect(items).toHaveLength(1);
    return items;
  }, waitMs);
  expect(events[0]).toMatchObject({
    type: 'Warning',
    reason: 'KubernetesDefaultServiceCIDRInconsistent',
    message: 'The default ServiceCIDR [10.96.0.0/16] does not match the controller flag configurations [10.97.0.0/16]',
    involvedObject: { kind: 'ServiceCIDR', name: 'kubernetes' },
    source: { component: 'kubernetes-service-cidr-controller' },
  });
  expect((await client.create(Service, service('web'))).spec.clusterIP).toMatch(/^10\.96\./);
  await client.create(ServiceCIDR, serviceRange('next', '10.97.0.0/16'));
  await server.stop();
  const again = await startTestServer({ store, serviceCidr: '10.97.0.0/16' });
  expect((await again.client.get(Service, { namespace: 'default', name: 'kubernetes' })).spec.clusterIP).toBe('10.97.0.1');
  await again.server.stop();
});

test('two servers that make the same cluster make one range', async () => {
  const store = new MemoryStore();
  const servers = await Promise.all([startTestServer({ store, seed: 1 }), startTestServer({ store, seed: 2 })]);
  expect((await servers[0].client.list(ServiceCIDR)).items).toHaveLength(1);
  for (const { server } of servers) await server.stop();
});
