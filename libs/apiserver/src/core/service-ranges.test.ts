// Several ServiceCIDRs: addresses come from any that is ready, and from none that is being deleted.
import { IPAddress, Service, ServiceCIDR, serviceCidrFinalizer } from '@berth/api';
import { expect, test, vi } from 'vitest';
import { FlakyStore } from './flaky-store.ts';
import { callFor, service, serviceRange, startTestServer } from './test-server.ts';

type Servers = Awaited<ReturnType<typeof startTestServer>>;
const fill = ({ client }: Servers, count: number, from = 0) =>
  Promise.all(Array.from({ length: count }, (_, i) => client.create(Service, service(`s${from + i}`))));
const five = { serviceCidr: '10.96.0.0/29' };
const setReady = ({ client }: Servers, name: string, status: string) =>
  client.patch(
    ServiceCIDR,
    { name },
    'merge',
    { status: { conditions: [{ type: 'Ready', status, reason: '', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }] } },
    { subresource: 'status' },
  );

test('a further range is used once the first is full, and what is asked for may lie in either', async () => {
  const one = await startTestServer(five);
  await fill(one, 5);
  await expect(one.client.create(Service, service('more'))).rejects.toThrow('range is full');
  await one.client.create(ServiceCIDR, serviceRange('second', '10.100.0.0/29'));
  const more = await fill(one, 6, 5);
  expect(more.map(({ spec }) => spec.clusterIP).sort()).toEqual([1, 2, 3, 4, 5, 6].map((host) => `10.100.0.${host}`));
  await expect(one.client.create(Service, service('more'))).rejects.toThrow('range is full');
  await one.client.create(ServiceCIDR, serviceRange('third', '10.101.0.0/24'));
  expect((await one.client.create(Service, service('wish', { clusterIP: '10.101.0.77' }))).spec.clusterIP).toBe('10.101.0.77');
  for (const clusterIP of ['10.101.0.0', '10.101.0.255', '10.102.0.1', '10.103.0.1']) {
    await expect(one.client.create(Service, service('outside', { clusterIP }))).rejects.toThrow(
      `failed to allocate IP ${clusterIP}: the provided network does not match the current range`,
    );
  }
  await one.server.stop();
});

test('ranges that overlap share their addresses', async () => {
  const one = await startTestServer(five);
  await one.client.create(ServiceCIDR, serviceRange('same', '10.96.0.0/29'));
  await one.client.create(ServiceCIDR, serviceRange('wider', '10.96.0.0/28'));
  // Without the first and the tenth address.
  const given = await fill(one, 12);
  expect(new Set(given.map(({ spec }) => spec.clusterIP)).size).toBe(12);
  await expect(one.client.create(Service, service('more'))).rejects.toThrow('range is full');
  await one.server.stop();
});

test('a range that is not ready gives no addresses, and one that nobody has judged does', async () => {
  const one = await startTestServer();
  const wish = { clusterIP: '10.100.0.5' };
  const range = serviceRange('second', '10.100.0.0/24');
  const made = await one.client.create(ServiceCIDR, { ...range, metadata: { ...range.metadata, finalizers: [serviceCidrFinalizer] } });
  expect(made.status?.conditions).toBeUndefined();
  await setReady(one, 'second', 'False');
  await expect(one.client.create(Service, service('web', wish))).rejects.toThrow('the provided network does not match the current range');
  await setReady(one, 'second', 'True');
  await one.client.create(Service, service('web', wish));
  await one.client.delete(ServiceCIDR, { name: 'second' });
  await expect(one.client.create(Service, service('late', { clusterIP: '10.100.0.6' }))).rejects.toThrow(
    'the provided network does not match the current range',
  );
  // What it gave before, services keep: also once it is gone.
  await one.client.patch(ServiceCIDR, { name: 'second' }, 'merge', { metadata: { finalizers: null } });
  const web = await one.client.patch(Service, { namespace: 'default', name: 'web' }, 'merge', { spec: { type: 'NodePort' } });
  expect(web.spec.clusterIP).toBe('10.100.0.5');
  await one.client.delete(Service, { namespace: 'default', name: 'web' });
  expect((await one.client.list(IPAddress)).items.map(({ metadata }) => metadata.name)).toEqual(['10.96.0.1']);
  await one.server.stop();
});

test('a server that does not know yet that a range is being deleted takes no address from it', async () => {
  const flaky = new FlakyStore();
  const lagging = await startTestServer({ store: flaky.asStore() });
  const current = await startTestServer({ store: flaky.inner, seed: 2 });
  await current.client.create(ServiceCIDR, serviceRange('second', '10.100.0.0/24'));
  await lagging.client.list(ServiceCIDR);
  const release = flaky.holdWatches();
  await current.client.delete(ServiceCIDR, { name: 'second' });
  const tried = flaky.transactions.length;
  const late = lagging.client.create(Service, service('late', { clusterIP: '10.100.0.6' })).catch((error: unknown) => error);
  await vi.waitFor(() => expect(flaky.transactions.length).toBeGreaterThan(tried), 30_000);
  release();
  expect(String(await late)).toContain('the provided network does not match the current range');
  await expect(current.client.get(IPAddress, { name: '10.100.0.6' })).rejects.toMatchObject({ code: 404 });
  await lagging.server.stop();
  await current.server.stop();
});

test('a range of IPv6 is accepted with a warning, and not used', async () => {
  const one = await startTestServer(five);
  const answer = await one.server.create(callFor(ServiceCIDR), serviceRange('both', '10.100.0.0/30', 'fd00::/112'));
  expect(answer.warnings).toEqual(['spec.cidrs[1]: Berth gives services IPv4 addresses only; none is taken from this range']);
  const plain = await one.server.create(callFor(ServiceCIDR), serviceRange('plain', '10.100.1.0/32'));
  expect(plain.warnings).toEqual([]);
  await fill(one, 7);
  await expect(one.client.create(Service, service('more'))).rejects.toThrow('range is full');
  await one.server.stop();
});
