import { EndpointSlice, Endpoints, Pod, Service } from '@berth/api';
import { expect, test } from 'vitest';
import { startTestCluster } from '../testing.ts';
import { planSlices } from './endpoint-slices.ts';

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default', uid: 'svc-1', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }] },
};

function pod(name: string, ready: boolean, containerPort = 8080): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: name, labels: { app: 'web' } },
    spec: { containers: [{ name: 'main', image: 'web:1', ports: [{ name: 'http', containerPort }] }], nodeName: 'n1' },
    status: { phase: 'Running', podIP: '10.244.0.5', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

const observed = (pods: Pod[], slices: EndpointSlice[] = []) => ({
  key: { namespace: 'default', name: 'web' },
  service,
  slices,
  pods,
  zoneOf: () => undefined,
});
const slicesOf = (actions: ReturnType<typeof planSlices>) =>
  actions.map((action) => (action.type === 'create' || action.type === 'update' ? (action.object as EndpointSlice) : undefined));

test('a slice holds at most a hundred endpoints, and names their ports by what each pod calls them', () => {
  const pods = Array.from({ length: 150 }, (_, index) => pod(`web-${index}`, true));
  const slices = slicesOf(planSlices(observed([...pods, pod('other', true, 9090)])));
  expect(slices.map((slice) => [slice?.endpoints?.length, slice?.ports?.[0]?.port])).toEqual([
    [1, 9090],
    [100, 8080],
    [50, 8080],
  ]);
});

test('a pod that becomes unready changes its slice alone, and a leaving one is still served', () => {
  const created = slicesOf(planSlices(observed([pod('a', true), pod('b', true)])));
  const slices = created.flatMap((slice) => slice ?? []);
  expect(planSlices(observed([pod('a', true), pod('b', true)], slices))).toEqual([]);
  const leaving = pod('b', true);
  leaving.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
  const [changed] = slicesOf(planSlices(observed([pod('a', false), leaving], slices)));
  expect(changed?.endpoints?.map(({ conditions }) => conditions)).toEqual([
    { ready: false, serving: false, terminating: false },
    { ready: false, serving: true, terminating: true },
  ]);
});

test.each([
  ['PreferClose', 'z1', { forZones: [{ name: 'z1' }] }],
  ['PreferSameZone', 'z1', { forZones: [{ name: 'z1' }] }],
  ['PreferSameZone', undefined, undefined],
  ['PreferSameNode', 'z1', { forZones: [{ name: 'z1' }], forNodes: [{ name: 'n1' }] }],
  ['PreferSameNode', undefined, { forNodes: [{ name: 'n1' }] }],
  [undefined, 'z1', undefined],
])('a service that prefers %s gives ready endpoints of zone %s hints', (trafficDistribution, zone, hints) => {
  const near = { ...service, spec: { ...service.spec, ...(trafficDistribution && { trafficDistribution }) } };
  const planned = planSlices({ ...observed([pod('a', true), pod('b', false)]), service: near, zoneOf: () => zone });
  expect(slicesOf(planned)[0]?.endpoints?.map((endpoint) => endpoint.hints)).toEqual([hints, undefined]);
});

test('a service that prefers otherwise now changes its slices', () => {
  const near = { ...service, spec: { ...service.spec, trafficDistribution: 'PreferSameNode' } };
  const before = slicesOf(planSlices({ ...observed([pod('a', true)]), service: near })).flatMap((slice) => slice ?? []);
  const [changed] = slicesOf(planSlices(observed([pod('a', true)], before)));
  expect(changed?.endpoints?.[0]).not.toHaveProperty('hints');
});

test('a service in a cluster has slices and endpoints, which follow its pods and go with it', async () => {
  const cluster = await startTestCluster();
  const { client, eventually } = cluster;
  const find = async () => ({
    slices: (await client.list(EndpointSlice, { namespace: 'default', labelSelector: 'kubernetes.io/service-name=web' })).items,
    endpoints: (await client.list(Endpoints, { namespace: 'default', fieldSelector: 'metadata.name=web' })).items,
  });
  try {
    await client.create(Service, { ...service, metadata: { name: 'web', namespace: 'default' } });
    await eventually(async () => (await find()).slices.length === 1);
    const { status: _status, metadata, ...rest } = pod('a', true);
    const created = await client.create(Pod, { ...rest, metadata: { name: 'a', namespace: 'default', labels: metadata.labels } });
    await cluster.markReady(created);
    await eventually(async () => {
      const { slices, endpoints } = await find();
      const isServed = slices.length === 1 && slices[0]?.endpoints?.[0]?.conditions?.ready;
      return isServed && endpoints[0]?.subsets?.[0]?.addresses?.[0]?.ip === '10.244.0.9';
    });
    expect((await find()).slices[0]?.metadata.name).toMatch(/^web-[a-z0-9]{5}$/);
    expect((await find()).endpoints[0]?.subsets?.[0]?.ports).toEqual([{ name: 'http', port: 8080, protocol: 'TCP' }]);
    await client.delete(Service, { namespace: 'default', name: 'web' });
    await eventually(async () => {
      const { slices, endpoints } = await find();
      return slices.length === 0 && endpoints.length === 0;
    });
  } finally {
    await cluster.stop();
  }
});
