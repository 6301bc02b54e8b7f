// Endpoints that somebody writes by hand, and the slices that make them work.
import { type EndpointSlice, Endpoints, Service, EndpointSlice as Slices } from '@berth/api';
import type { Action } from '@berth/controller';
import { expect, test } from 'vitest';
import { startTestCluster } from '../testing.ts';
import { planMirror } from './endpoint-slice-mirroring.ts';

const metadata = { name: 'db', namespace: 'default', uid: 'db-1' };
const service: Service = { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 5432 }] } };

function endpoints(subsets: Endpoints['subsets'], more: Partial<Endpoints['metadata']> = {}): Endpoints {
  return { apiVersion: 'v1', kind: 'Endpoints', metadata: { ...metadata, ...more }, ...(subsets && { subsets }) };
}

function plan(of: Endpoints | undefined, slices: EndpointSlice[] = [], by: Service | undefined = service): Action[] {
  return planMirror({ service: by, endpoints: of, slices });
}

const written = (actions: Action[]) =>
  actions.flatMap((action) => (action.type === 'create' || action.type === 'update' ? [action.object as EndpointSlice] : []));
const brief = (actions: Action[]) =>
  written(actions).map(({ addressType, ports, endpoints: list }) => [
    addressType,
    (ports ?? []).map(({ name, port }) => `${name}:${port}`).join(),
    (list ?? []).map(({ addresses, conditions }) => `${addresses[0]}${conditions?.ready ? '' : ' unready'}`).join(),
  ]);
const address = (ip: string) => ({ ip });

test('each set of ports and kind of address has a slice, with labels and annotations of the Endpoints', () => {
  const subsets = [
    { addresses: [address('192.0.2.1'), address('2001:db8::1')], notReadyAddresses: [address('192.0.2.2')], ports: [{ port: 5432 }] },
    { addresses: [{ ip: '192.0.2.3', hostname: 'three', nodeName: 'n1' }], ports: [{ name: 'admin', port: 80, protocol: 'UDP' }] },
  ];
  const annotations = { own: 'x', 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
  const actions = plan(endpoints(subsets, { labels: { app: 'db' }, annotations }));
  expect(brief(actions)).toEqual([
    ['IPv4', ':5432', '192.0.2.1,192.0.2.2 unready'],
    ['IPv6', ':5432', '2001:db8::1'],
    ['IPv4', 'admin:80', '192.0.2.3'],
  ]);
  expect(written(actions)[2]).toMatchObject({
    metadata: {
      generateName: 'db-',
      labels: {
        app: 'db',
        'kubernetes.io/service-name': 'db',
        'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
      },
      annotations: { own: 'x' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Endpoints', name: 'db', uid: 'db-1', controller: true, blockOwnerDeletion: true }],
    },
    endpoints: [{ addresses: ['192.0.2.3'], hostname: 'three', nodeName: 'n1' }],
    ports: [{ name: 'admin', port: 80, protocol: 'UDP' }],
  });
  expect(written(actions)[2]?.metadata.annotations).toEqual({ own: 'x' });
});

test('subsets are read in their simplest form', () => {
  const [one, two] = [[address('192.0.2.1')], [address('192.0.2.2')]];
  expect(
    brief(
      plan(
        endpoints([
          { addresses: one, ports: [{ name: 'b', port: 2 }] },
          { addresses: one, ports: [{ name: 'a', port: 1 }] },
          { addresses: two, notReadyAddresses: one, ports: [{ name: 'c', port: 3 }] },
          { addresses: one, ports: [{ name: 'c', port: 3 }] },
          { addresses: one },
        ]),
      ),
    ),
  ).toEqual([
    ['IPv4', 'a:1,b:2', '192.0.2.1'],
    ['IPv4', 'c:3', '192.0.2.2,192.0.2.1 unready'],
    ['IPv4', '', '192.0.2.1'],
  ]);
  expect(plan(endpoints([{ addresses: [], ports: [{ port: 1 }] }]))).toEqual([]);
});

test('what is as it should be is left alone; a change writes over the slice, also one of its ports', () => {
  const first = endpoints([{ addresses: [address('192.0.2.1')], ports: [{ port: 1 }] }]);
  const slices = written(plan(first)).map((slice) => ({ ...slice, metadata: { ...slice.metadata, name: 'db-x', uid: 'x' } }));
  expect(plan(first, slices)).toEqual([]);
  for (const [change, found] of [
    [endpoints([{ addresses: [address('192.0.2.9')], ports: [{ port: 1 }] }]), [['IPv4', ':1', '192.0.2.9']]],
    [endpoints([{ addresses: [address('192.0.2.1')], ports: [{ port: 2 }] }]), [['IPv4', ':2', '192.0.2.1']]],
    [endpoints(first.subsets, { labels: { new: 'label' } }), [['IPv4', ':1', '192.0.2.1']]],
    [endpoints(first.subsets, { annotations: { new: 'one' } }), [['IPv4', ':1', '192.0.2.1']]],
    [endpoints(first.subsets, { uid: 'made anew' }), [['IPv4', ':1', '192.0.2.1']]],
  ] as const) {
    const actions = plan(change, slices);
    expect(actions.map(({ type }) => type)).toEqual(['update']);
    expect(brief(actions)).toEqual(found);
  }
});

test('nothing is mirrored for a service with a selector, or none, for what says so, and for what elects leaders', () => {
  const some = endpoints([{ addresses: [address('192.0.2.1')], ports: [{ port: 1 }] }]);
  const slices = written(plan(some));
  const selected: Service = { ...service, spec: { ...service.spec, selector: { app: 'db' } } };
  const skipped = endpoints(some.subsets, { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } });
  const elected = endpoints(some.subsets, { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } });
  const deletions = [
    planMirror({ service: undefined, endpoints: some, slices }),
    planMirror({ service, endpoints: undefined, slices }),
    plan(some, slices, selected),
    plan(skipped, slices),
    plan(elected, slices),
    plan(endpoints([]), slices),
  ];
  for (const actions of deletions) expect(actions.map(({ type }) => type)).toEqual(['delete']);
  expect(plan(skipped)).toEqual([]);
});

test('of a subset a thousand are mirrored, ready ones first, and an event tells of the rest', () => {
  const many = Array.from({ length: 1200 }, (_, index) => address(`10.0.${Math.floor(index / 250)}.${index % 250}`));
  const actions = plan(
    endpoints([{ addresses: many.slice(400), notReadyAddresses: [address('999.1.1.1'), ...many.slice(0, 400)], ports: [{ port: 1 }] }]),
  );
  const [slice] = written(actions);
  expect(slice?.endpoints).toHaveLength(1000);
  expect(slice?.endpoints?.filter(({ conditions }) => conditions?.ready)).toHaveLength(800);
  expect(actions.flatMap((action) => (action.type === 'event' ? [[action.event.reason, action.event.message]] : []))).toEqual([
    ['InvalidIPAddress', 'Skipped 1 invalid IP addresses when mirroring to EndpointSlices'],
    [
      'TooManyAddressesToMirror',
      'A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 201 addresses were skipped',
    ],
  ]);
});

test('in a cluster, slices follow Endpoints that somebody writes, and go with them or with the service', async () => {
  const cluster = await startTestCluster();
  const { client, eventually } = cluster;
  const key = { namespace: 'default', name: 'db' };
  const slices = async () => (await client.list(Slices, { namespace: 'default', labelSelector: 'kubernetes.io/service-name=db' })).items;
  const addresses = async () =>
    (await slices()).flatMap(({ endpoints: list }) => (list ?? []).flatMap(({ addresses }) => addresses)).join();
  try {
    const { uid: _uid, ...own } = metadata;
    await client.create(Service, { ...service, metadata: own });
    const make = () =>
      client.create(Endpoints, { ...endpoints([{ addresses: [address('192.0.2.1')], ports: [{ port: 1 }] }]), metadata: own });
    await make();
    await eventually(async () => (await addresses()) === '192.0.2.1');
    const [before] = await slices();
    await client.patch(Endpoints, key, 'merge', { subsets: [{ addresses: [address('192.0.2.2')], ports: [{ port: 2 }] }] });
    await eventually(async () => (await addresses()) === '192.0.2.2');
    expect((await slices()).map(({ metadata: { uid } }) => uid)).toEqual([before?.metadata.uid]);
    await client.delete(Endpoints, key);
    await eventually(async () => (await slices()).length === 0);
    await make();
    await eventually(async () => (await addresses()) === '192.0.2.1');
    await client.delete(Service, key);
    await eventually(async () => (await slices()).length === 0);
  } finally {
    await cluster.stop();
  }
});
