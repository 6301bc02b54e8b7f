// Cluster IPs as IPAddress objects: made and removed with their Service, and reserved by whoever was first.
import { IPAddress, Service } from '@berth/api';
import { expect, test, vi } from 'vitest';
import { FlakyStore } from './flaky-store.ts';
import { callFor, service, startTestServer } from './test-server.ts';

const key = (name: string) => ({ namespace: 'default', name });
const reservation = (name: string): IPAddress => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IPAddress',
  metadata: { name },
  spec: { parentRef: { group: 'gateway.networking.k8s.io', resource: 'gateways', namespace: 'default', name: 'edge' } },
});

/** `10.96.0.2` to `10.96.0.6`: the first address is the API server's own. */
const five = { serviceCidr: '10.96.0.0/29' };

test('a service has an address object of the same revision, which goes when it goes or needs none', async () => {
  const { server, client } = await startTestServer();
  const web = await client.create(Service, service('web', { clusterIP: '10.96.3.3' }));
  const address = await client.get(IPAddress, { name: '10.96.3.3' });
  expect(address).toMatchObject({
    metadata: {
      labels: { 'ipaddress.kubernetes.io/ip-family': 'IPv4', 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' },
      resourceVersion: web.metadata.resourceVersion,
      managedFields: [{ manager: 'kube-apiserver', operation: 'Update' }],
    },
    spec: { parentRef: { resource: 'services', namespace: 'default', name: 'web' } },
  });
  expect(address.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
  const names = async () => (await client.list(IPAddress)).items.map(({ metadata }) => metadata.name);
  expect(await names()).toEqual(['10.96.0.1', '10.96.3.3']);
  await client.update(Service, service('web', { type: 'ExternalName', externalName: 'example.com', ports: undefined }));
  expect(await names()).toEqual(['10.96.0.1']);
  const again = await client.update(Service, service('web'));
  expect(await names()).toEqual(['10.96.0.1', again.spec.clusterIP].sort());
  await client.delete(Service, key('web'));
  expect(await names()).toEqual(['10.96.0.1']);
  await server.stop();
});

test('an address that somebody reserved by hand is given to no service, and free once it is deleted', async () => {
  const { server, client } = await startTestServer(five);
  await client.create(IPAddress, reservation('10.96.0.3'));
  await expect(client.create(Service, service('wish', { clusterIP: '10.96.0.3' }))).rejects.toThrow('provided IP is already allocated');
  const given = await Promise.all(['a', 'b', 'c', 'd'].map((name) => client.create(Service, service(name))));
  expect(given.map(({ spec }) => spec.clusterIP).sort()).toEqual(['10.96.0.2', '10.96.0.4', '10.96.0.5', '10.96.0.6']);
  const refused = await client.create(Service, service('e')).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    status: { code: 500, reason: 'InternalError', message: 'Internal error occurred: failed to allocate a serviceIP: range is full' },
  });
  await client.delete(IPAddress, { name: '10.96.0.3' });
  expect((await client.create(Service, service('e'))).spec.clusterIP).toBe('10.96.0.3');
  await server.stop();
});

test('of a service and a reservation by hand that want the same address at once, on two servers, one gets it', async () => {
  const one = await startTestServer();
  const two = await startTestServer({ store: one.store, seed: 2 });
  for (let round = 1; round <= 20; round++) {
    const ip = `10.96.7.${round}`;
    const wishes = [
      one.client.create(Service, service(`a${round}`, { clusterIP: ip })),
      two.client.create(Service, service(`b${round}`, { clusterIP: ip })),
      two.client.create(IPAddress, reservation(ip)),
    ];
    const outcomes = await Promise.allSettled<unknown>(wishes);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  }
  await one.server.stop();
  await two.server.stop();
});

test('two servers that pick the same candidates fill a range without a double or a gap, and every address has its object', async () => {
  const range = { serviceCidr: '10.96.0.0/26', seed: 5 };
  const one = await startTestServer(range);
  const two = await startTestServer({ ...range, store: one.store });
  const creates = Array.from({ length: 61 }, (_, i) => (i % 2 ? one : two).client.create(Service, service(`s${i}`)));
  const results = await Promise.allSettled(creates);
  const given = results.flatMap((result) => (result.status === 'fulfilled' ? (result.value.spec.clusterIP ?? '') : []));
  // Of 62 addresses, the first is the API server's and the tenth the name server's.
  expect(new Set(given).size).toBe(60);
  expect(given).not.toContain('10.96.0.10');
  const parents = (await two.client.list(IPAddress)).items.map(({ metadata, spec }) => `${metadata.name} ${spec.parentRef?.name}`);
  const services = (await one.client.list(Service)).items.map(({ metadata, spec }) => `${spec.clusterIP} ${metadata.name}`);
  expect(parents.sort()).toEqual(services.sort());
  await one.server.stop();
  await two.server.stop();
});

test('an address whose object was deleted stays with its service: nobody else is given it meanwhile', async () => {
  const { server, client } = await startTestServer(five);
  const given = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => client.create(Service, service(name))));
  const { clusterIP = '' } = given[2]?.spec ?? {};
  await client.delete(IPAddress, { name: clusterIP });
  await expect(client.create(Service, service('wish', { clusterIP }))).rejects.toThrow('provided IP is already allocated');
  await expect(client.create(Service, service('f'))).rejects.toThrow('range is full');
  await client.patch(Service, key('c'), 'merge', { metadata: { labels: { still: 'mine' } } });
  await client.delete(Service, key('c'));
  expect((await client.create(Service, service('f'))).spec.clusterIP).toBe(clusterIP);
  await server.stop();
});

test('a server that knows neither that an object was deleted nor that an address was released asks before it answers', async () => {
  const flaky = new FlakyStore();
  const lagging = await startTestServer({ store: flaky.asStore() });
  const current = await startTestServer({ store: flaky.inner, seed: 2 });
  const wishes = { kept: { clusterIP: '10.96.3.3' }, released: { clusterIP: '10.96.3.4' } };
  for (const [name, wish] of Object.entries(wishes)) await current.client.create(Service, service(name, wish));
  await lagging.client.list(Service);
  const release = flaky.holdWatches();
  await current.client.delete(IPAddress, { name: '10.96.3.3' });
  await current.client.delete(Service, key('released'));
  const [asked, tried] = [flaky.revisionsAsked, flaky.transactions.length];
  const outcomes = Promise.allSettled([
    lagging.client.create(Service, service('a', wishes.kept)),
    lagging.client.create(Service, service('b', wishes.released)),
  ]);
  await vi.waitFor(() => expect(flaky.revisionsAsked - asked + flaky.transactions.length - tried).toBeGreaterThan(0), 30_000);
  release();
  expect(await outcomes).toMatchObject([
    { status: 'rejected', reason: { message: expect.stringContaining('provided IP is already allocated') } },
    { status: 'fulfilled', value: { spec: wishes.released } },
  ]);
  await lagging.server.stop();
  await current.server.stop();
});

test('a dry run reserves nothing', async () => {
  const { server, client } = await startTestServer();
  const before = await client.list(IPAddress);
  await server.create(callFor(Service, 'default'), service('web'), { dryRun: true });
  expect((await client.list(IPAddress)).items).toEqual(before.items);
  await server.stop();
});
