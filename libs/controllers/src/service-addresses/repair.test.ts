import { Event, IPAddress, Service, serviceAddress } from '@berth/api';
import { service } from '@berth/apiserver/testing';
import type { Action } from '@berth/controller';
import type { KubeObject } from '@berth/machinery';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { startTestCluster } from '../testing.ts';
import { type ObservedAddress, planRepair } from './repair-plan.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const ip = '10.96.3.3';

function holder(name: string, creationTimestamp = '2026-01-01T00:00:00Z'): Service {
  const made = service(name, { clusterIP: ip });
  return { ...made, metadata: { ...made.metadata, uid: `uid-${name}`, resourceVersion: '5', creationTimestamp } };
}

function object(name: string, change: Partial<KubeObject['metadata']> = {}, parentRef = {}): IPAddress {
  const made = serviceAddress(ip, { namespace: 'default', name });
  const metadata = { ...made.metadata, uid: 'uid-ip', resourceVersion: '5', creationTimestamp: '2026-01-01T00:00:00Z', ...change };
  return { ...made, metadata, spec: { parentRef: { ...made.spec.parentRef, ...parentRef } } };
}

/** `if absent IPAddress 10.96.3.3` and so on: conditions first, then what is done under them. */
function told(actions: Action[]): string[] {
  return actions.flatMap((action) => {
    if (action.type === 'ifAbsent') return [`if absent ${action.kind.kind} ${action.key.name}`, ...told(action.actions)];
    if (action.type === 'ifUnchanged') return [`if unchanged ${action.object.metadata.name}`, ...told(action.actions)];
    if (action.type === 'event') return [`${action.event.reason} ${action.event.about.metadata.name}: ${action.event.message}`];
    if (action.type === 'create') return [`create for ${(action.object as IPAddress).spec.parentRef?.name}`];
    if (action.type === 'delete') return [`delete ${action.uid}`];
    if (action.type === 'requeue') return [`again in ${action.afterMs}`];
    return [action.type];
  });
}

const plan = (parts: Partial<ObservedAddress>) =>
  told(planRepair({ address: ip, object: undefined, holders: [], parent: undefined, isInRange: true, ...parts }, now));

test('what is right is left alone, and so is what is not the allocator’s', () => {
  expect(plan({ object: object('web'), holders: [holder('web')], parent: holder('web') })).toEqual([]);
  expect(plan({ object: object('web', { labels: {} }) })).toEqual([]);
  expect(plan({})).toEqual([]);
});

test('an address without its object gets one, unless the cache may only lag', () => {
  expect(plan({ holders: [holder('web')] })).toEqual([
    `if absent IPAddress ${ip}`,
    'if unchanged web',
    `ClusterIPNotAllocated web: Cluster IP [IPv4]: ${ip} is not allocated; repairing`,
    'create for web',
  ]);
  expect(plan({ holders: [holder('web', '2026-01-01T00:59:59Z')] })).toEqual(['again in 1000']);
});

test('an object that refers to something else is replaced', () => {
  const message = `ClusterIPNotAllocated web: the ClusterIP [IPv4]: ${ip} for Service default/web has a wrong reference; repairing`;
  const mend = ['if unchanged web', message, 'delete uid-ip', 'create for web'];
  const gateway = object('edge', {}, { group: 'gateway.networking.k8s.io', resource: 'gateways' });
  expect(plan({ object: gateway, holders: [holder('web')] })).toEqual(mend);
  expect(plan({ object: object('gone'), holders: [holder('web')] })).toEqual(['if absent Service gone', ...mend]);
  const wrong = `IPAddressWrongReference ${ip}: IPAddress: ${ip} for Service default/other has a wrong reference; cleaning up`;
  const cleaning = ['if unchanged other', wrong, 'delete uid-ip'];
  expect(plan({ object: object('other'), holders: [holder('web')], parent: holder('other') })).toEqual(cleaning);
  expect(plan({ object: object('other'), parent: holder('other') })).toEqual(cleaning);
});

test('of two services with one address, the one that the object names keeps it', () => {
  const rival = `ClusterIPAlreadyAllocated web: Cluster IP [IPv4]:${ip} was assigned to multiple services; please recreate service`;
  expect(plan({ object: object('second'), holders: [holder('web'), holder('second')], parent: holder('second') })).toEqual([rival]);
  expect(plan({ object: object('second', { labels: { a: 'b' } }), holders: [holder('second')], parent: holder('second') })).toEqual([
    'patch',
  ]);
});

test('an address outside all ranges is told of', () => {
  expect(plan({ object: object('web'), holders: [holder('web')], parent: holder('web'), isInRange: false })).toEqual([
    `ClusterIPOutOfRange web: Cluster IP [IPv4]: ${ip} is not within any configured Service CIDR; please recreate service`,
  ]);
  expect(plan({ address: 'x', holders: [holder('web')] })).toEqual([
    'ClusterIPNotValid web: Cluster IP x is not a valid IP; please recreate Service',
  ]);
});

test('an object of a service that is not there goes after a minute', () => {
  const leaked = `IPAddressNotAllocated ${ip}: IPAddress: ${ip} for Service default/web appears to have leaked: cleaning up`;
  expect(plan({ object: object('web') })).toEqual(['if absent Service web', leaked, 'delete uid-ip']);
  expect(plan({ object: object('web', { creationTimestamp: '2026-01-01T00:59:30Z' }) })).toEqual(['again in 30001']);
  const gateway = object('edge', {}, { group: 'g', resource: 'gateways' });
  expect(plan({ object: gateway })).toEqual([
    `IPAddressNotAllocated ${ip}: IPAddress ${ip} appears to have been modified, not referencing a Service &{g gateways default edge}: cleaning up`,
    'delete uid-ip',
  ]);
});

test('what is done by hand to addresses is undone, and said; what the server does is never mended', async () => {
  const clock = new SimulatedClock();
  const { client, eventually, stop } = await startTestCluster(clock);
  const addresses = async () => (await client.list(IPAddress)).items;
  const parentOf = async (name: string) => (await addresses()).find(({ metadata }) => metadata.name === name)?.spec.parentRef?.name;
  const reasons = async () => (await client.list(Event, { namespace: 'default' })).items.map(({ reason }) => reason).sort();
  try {
    for (let i = 0; i < 20; i++) await client.create(Service, service(`s${i}`));
    for (let i = 0; i < 10; i++) await client.delete(Service, { namespace: 'default', name: `s${i}` });
    const web = await client.create(Service, service('web', { clusterIP: ip }));
    await clock.advance(5_000);
    expect((await addresses()).length).toBe(12);
    expect(await reasons()).toEqual([]);

    const before = await client.get(IPAddress, { name: ip });
    await client.delete(IPAddress, { name: ip });
    await eventually(async () => (await parentOf(ip)) === 'web');
    expect((await client.get(IPAddress, { name: ip })).metadata.uid).not.toBe(before.metadata.uid);
    await eventually(async () => (await reasons()).join() === 'ClusterIPNotAllocated');

    await client.patch(IPAddress, { name: ip }, 'merge', { metadata: { labels: { 'ipaddress.kubernetes.io/managed-by': null } } });
    await eventually(
      async () => (await client.list(IPAddress, { labelSelector: 'ipaddress.kubernetes.io/managed-by' })).items.length === 12,
    );

    await client.create(IPAddress, serviceAddress('10.96.9.1', { namespace: 'default', name: 'web' }));
    await eventually(async () => (await parentOf('10.96.9.1')) === undefined);
    await client.create(IPAddress, serviceAddress('10.96.9.2', { namespace: 'default', name: 'never' }));
    await clock.advance(59_000);
    expect(await parentOf('10.96.9.2')).toBe('never');
    await clock.advance(3_000);
    await eventually(async () => (await parentOf('10.96.9.2')) === undefined);
    await eventually(async () => (await reasons()).join() === 'ClusterIPNotAllocated,IPAddressNotAllocated,IPAddressWrongReference');
    expect((await client.get(Service, web.metadata)).metadata.resourceVersion).toBe(web.metadata.resourceVersion);
  } finally {
    await stop();
  }
});
