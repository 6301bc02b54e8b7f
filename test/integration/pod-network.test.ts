// Pods of two nodes reach each other, by routes between neighbours and by VXLAN through a router that knows nothing of pods. Each node is a
// network lab of its own, with the real kernel's routes, tunnels and rules.
import type { EndpointSlice, Pod, Service } from '@berth/api';
import type { AddressSet, NodePeer, PolicyRules } from '@berth/protocol';
import { describe, expect, test, vi } from 'vitest';
import { NetworkLab } from './network-lab/lab.ts';

const common = { serviceCidr: '10.96.0.0/16', clusterDns: '10.96.0.10', clusterDomain: 'cluster.local' };
const cidrs = { a: '10.244.1.0/24', b: '10.244.2.0/24' };
const webAddress = '10.96.0.20';
const berth = { apiVersion: 'berth.io/v1' };

function peer(name: string, address: string, podCIDR: string): NodePeer {
  return { apiVersion: 'berth.io/v1', kind: 'NodePeer', metadata: { name, uid: name }, spec: { address, podCIDR } };
}

const web: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { type: 'NodePort', clusterIP: webAddress, ports: [{ name: 'http', port: 80, nodePort: 30080, protocol: 'TCP' }] },
};

const slice = (address: string): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-x', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  endpoints: [{ addresses: [address], conditions: { ready: true } }],
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
});

interface Nodes extends AsyncDisposable {
  a: NetworkLab;
  b: NetworkLab;
  addresses: { a: string; b: string };
}

async function created(addresses: Nodes['addresses']): Promise<Nodes> {
  const a = await NetworkLab.create('a', { address: addresses.a });
  const b = await NetworkLab.create('b', { address: addresses.b });
  // Only the way to the other node is left to it.
  await b.run('ip', ['link', 'delete', 'eth0']);
  const dispose = async () => {
    for (const lab of [a, b]) await lab[Symbol.asyncDispose]();
  };
  return { a, b, addresses, [Symbol.asyncDispose]: dispose };
}

async function plugged(lab: NetworkLab, device: string, address: string, namespace?: string): Promise<void> {
  await lab.run('ip', ['address', 'add', address, 'dev', device], { namespace });
  await lab.run('ip', ['link', 'set', device, 'up'], { namespace });
}

async function neighbours(): Promise<Nodes> {
  const nodes = await created({ a: '198.51.100.1', b: '198.51.100.2' });
  await nodes.a.connect(nodes.b, 'lan0');
  for (const name of ['a', 'b'] as const) await plugged(nodes[name], 'lan0', `${nodes.addresses[name]}/24`);
  return nodes;
}

/** What is outside of the first node is the router. */
async function routed(): Promise<Nodes> {
  const nodes = await created({ a: '192.0.2.2', b: '203.0.113.1' });
  await nodes.a.connect(nodes.b, 'lan0', 'outside');
  await plugged(nodes.a, 'lan0', '203.0.113.2/30', 'outside');
  await plugged(nodes.b, 'lan0', '203.0.113.1/30');
  await nodes.a.run('sysctl', ['-q', '-w', 'net.ipv4.ip_forward=1'], { namespace: 'outside' });
  await nodes.b.run('ip', ['route', 'add', 'default', 'via', '203.0.113.2']);
  return nodes;
}

/** Both nodes with all that the control plane says; a pod `x` on the first, and one on the second that serves. */
async function started({ a, b, addresses }: Nodes): Promise<{ x: string; y: string; peers: NodePeer[] }> {
  const peers = [peer('node-a', addresses.a, cidrs.a), peer('node-b', addresses.b, cidrs.b)];
  await a.call({ method: 'configure', settings: { ...common, podCidr: cidrs.a } });
  await b.call({ method: 'configure', settings: { ...common, podCidr: cidrs.b } });
  const [x, y] = [await a.addPod('x'), await b.addPod('y')];
  await b.serve('y', 8080, 'y');
  await a.serve('x', 8080, 'x');
  for (const lab of [a, b]) await synced(lab, peers, [slice(y)]);
  return { x, y, peers };
}

async function synced(lab: NetworkLab, peers: NodePeer[], endpointSlices: EndpointSlice[]): Promise<void> {
  await lab.call({ method: 'sync', state: { services: [web], endpointSlices, pods: [], peers } });
}

async function onlyLetsIn(lab: NetworkLab, peers: NodePeer[], address: string, peerAddress: string): Promise<void> {
  const addressSet: AddressSet = { ...berth, kind: 'AddressSet', metadata: { name: 'pods-x' }, spec: { elements: [peerAddress] } };
  const spec = { podSelector: {}, ingress: [{ peers: [{ set: 'pods-x' }] }] };
  const policies: PolicyRules[] = [{ ...berth, kind: 'PolicyRules', metadata: { name: 'from-x', namespace: 'default' }, spec }];
  const pod: Pod = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'y', namespace: 'default' } },
    ...{ spec: { containers: [] }, status: { podIP: address } },
  };
  const state = { services: [], endpointSlices: [], pods: [pod], peers };
  await lab.call({ method: 'sync', state: { ...state, policies: { policies, addressSets: [addressSet], leaving: [] } } });
  await lab.call({ method: 'policiesInForce' });
}

const routesOf = (lab: NetworkLab) => lab.run('ip', ['-4', 'route', 'show']);

describe.each([
  { how: 'routes between neighbours', build: neighbours, route: /^10\.244\.2\.0\/24 via 198\.51\.100\.2 dev lan0/m },
  { how: 'VXLAN through a router', build: routed, route: /^10\.244\.2\.0\/24 via 10\.244\.2\.0 dev brthxa onlink/m },
])('$how', ({ build, route }) => {
  test('pods of two nodes reach each other by their own addresses, and through services and node ports', async () => {
    await using nodes = await build();
    const { a, b, addresses } = nodes;
    const { x, y, peers } = await started(nodes);
    await vi.waitFor(async () => expect(await routesOf(a)).toMatch(route), { timeout: 10_000 });
    await vi.waitFor(async () => expect(await routesOf(b)).toContain(cidrs.a), { timeout: 10_000 });
    expect(await a.ask('x', 'tcp', y, 8080)).toMatchObject([{ reply: `y ${x}` }]);
    expect(await b.ask('y', 'udp', x, 8080)).toMatchObject([{ reply: `x ${y}` }]);
    expect(await a.ask('x', 'tcp', webAddress, 80)).toMatchObject([{ reply: `y ${x}` }]);
    // Whoever is no pod gets its answers through the node that it asked.
    expect(await a.ask(undefined, 'tcp', webAddress, 80)).toMatchObject([{ reply: expect.stringMatching(/^y /) }]);
    expect(await b.ask(undefined, 'tcp', addresses.a, 30080)).toMatchObject([{ reply: expect.stringMatching(/^y /) }]);
    expect(await a.ask(undefined, 'tcp', '127.0.0.1', 30080)).toMatchObject([{ reply: expect.stringMatching(/^y /) }]);
    // A policy of the other node knows pods by those addresses, through services as well, and nobody else.
    await onlyLetsIn(b, peers, y, x);
    const asked = [a.ask('x', 'tcp', y, 8080), a.ask('x', 'tcp', webAddress, 80), a.ask(undefined, 'tcp', y, 8080)];
    const served = [{ reply: `y ${x}` }];
    expect(await Promise.all(asked)).toMatchObject([served, served, [{ error: 'timed out' }]]);
  });

  test('a node that is gone takes its route along, its range may be another node’s, and nothing stays of all that', async () => {
    await using nodes = await build();
    const { a, b } = nodes;
    const before = await routesOf(a);
    const { peers } = await started(nodes);
    await vi.waitFor(async () => expect(await routesOf(a)).toMatch(route), { timeout: 10_000 });
    const [own] = peers as [NodePeer];
    // A restarted agent, which knows of the route only from what is written down.
    await a.call({ method: 'stop' });
    expect(await routesOf(a)).toMatch(route);
    await a.call({ method: 'restart' });
    await a.call({ method: 'configure', settings: { ...common, podCidr: cidrs.a } });
    await synced(a, [own], []);
    await vi.waitFor(async () => expect(await routesOf(a)).not.toContain(cidrs.b), { timeout: 10_000 });
    await synced(a, [own, peer('another', nodes.addresses.b, cidrs.b)], []);
    await vi.waitFor(async () => expect(await routesOf(a)).toMatch(route), { timeout: 10_000 });
    // Somebody else removes it.
    await a.run('ip', ['route', 'delete', cidrs.b]);
    await vi.waitFor(async () => expect(await routesOf(a)).toMatch(route), { timeout: 10_000 });
    for (const lab of [a, b]) await lab.call({ method: 'stop' });
    for (const lab of [a, b]) await lab.call({ method: 'tearDownByName' });
    expect(await routesOf(a)).toBe(before);
    expect(await a.run('ip', ['link', 'show', 'type', 'vxlan'])).toBe('');
  });
});

test("what listens on a node's loopback only is out of its neighbours' reach, though node ports of other nodes' pods answer there", async () => {
  await using nodes = await neighbours();
  const { a, b, addresses } = nodes;
  await started(nodes);
  await vi.waitFor(async () => expect(await routesOf(a)).toContain(cidrs.b), { timeout: 10_000 });
  await a.serve('secret', 9_999, undefined);
  expect(await a.ask(undefined, 'tcp', '127.0.0.1', 9_999)).toMatchObject([{ reply: expect.stringMatching(/^secret /) }]);
  // A neighbour that sends what nobody should.
  await b.run('ip', ['address', 'delete', '127.0.0.1/8', 'dev', 'lo']);
  await b.run('ip', ['route', 'add', '127.0.0.0/8', 'via', addresses.a, 'dev', 'lan0', 'src', addresses.b]);
  expect(await b.ask(undefined, 'tcp', addresses.a, 9_999)).toMatchObject([{ reply: expect.stringMatching(/^secret /) }]);
  expect(await b.ask(undefined, 'tcp', '127.0.0.1', 9_999)).toMatchObject([{ error: 'timed out' }]);
});
