// Addresses of load balancers that one of two nodes announces, with real packets: a client on their network reaches services by them, also when
// their node is lost, and nothing of them is left behind. Namespaces of labs' own; the client's holds the switch that all are on.
import type { EndpointSlice, Service } from '@berth/api';
import type { NodePeer } from '@berth/protocol';
import { expect, test, vi } from 'vitest';
import { NetworkLab, nodeAddress, outsideAddress } from './network-lab/lab.ts';

const common = { serviceCidr: '10.96.0.0/16', clusterDns: '10.96.0.10', clusterDomain: 'cluster.local' };
const [held, port, nodePort] = ['192.0.2.240', 8_090, 30_090];
const otherNode = '192.0.2.3';
/** The client's second one. */
const friend = '192.0.2.9';
const wrongHardware = '02:00:00:00:00:01';
const devices = { a: 'eth0', b: 'lan0' } as const;

interface Lan extends AsyncDisposable {
  a: NetworkLab;
  b: NetworkLab;
}

async function lan(): Promise<Lan> {
  const a = await NetworkLab.create('va');
  const b = await NetworkLab.create('vb', { address: otherNode });
  await b.run('ip', ['link', 'delete', 'eth0']);
  await a.connect(b, devices.b, 'outside');
  // With a cable to itself the switch is up whoever is plugged in; else the client would forget its neighbours.
  const loop = ['link add sw1 type veth peer name sw2', 'link set sw2 up', 'link set sw1 up'];
  const client = [
    'link add sw0 type bridge',
    ...loop,
    'link set sw1 master sw0',
    ...['eth0', devices.b].map((name) => `link set ${name} master sw0 up`),
    'link set sw0 up',
  ];
  const addresses = [`address flush dev eth0`, ...[outsideAddress, friend].map((address) => `address add ${address}/24 dev sw0`)];
  await a.run('ip', ['-batch', '-'], { namespace: 'outside', input: `${[...client, ...addresses].join('\n')}\n` });
  // What is announced is known at once, also where the client had given up on who had the address before.
  await a.run('sysctl', ['-q', '-w', 'net.ipv4.conf.sw0.arp_accept=1'], { namespace: 'outside' });
  await b.run('ip', ['-batch', '-'], { input: `address add ${otherNode}/24 dev ${devices.b}\nlink set ${devices.b} up\n` });
  return {
    ...{ a, b },
    [Symbol.asyncDispose]: async () => {
      for (const lab of [a, b]) await lab[Symbol.asyncDispose]();
    },
  };
}

const balanced = (name: string, protocol: 'TCP' | 'UDP', clusterIP: string, spec: Partial<Service['spec']> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default' },
  spec: { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, clusterIP, ports: [{ name: 'x', port, protocol }], ...spec },
  status: { loadBalancer: { ingress: [{ ip: held, ipMode: 'VIP' }] } },
});
const web = (spec: Partial<Service['spec']> = {}) => balanced('web', 'TCP', '10.96.0.25', spec);
const time = balanced('time', 'UDP', '10.96.0.26');
const exposed: Service = {
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'exposed', namespace: 'default' } },
  spec: { type: 'NodePort', clusterIP: '10.96.0.27', ports: [{ name: 'x', port: 80, nodePort, protocol: 'TCP' }] },
};

const slice = (name: string, protocol: 'TCP' | 'UDP', addresses: string[]): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${name}-x`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  ports: [{ name: 'x', port: 8080, protocol }],
});

const peer = (name: string, address: string, podCIDR: string): NodePeer => ({
  ...{ apiVersion: 'berth.io/v1', kind: 'NodePeer', metadata: { name, uid: name } },
  spec: { address, podCIDR },
});
const peers = [peer('node-va', nodeAddress, '10.244.1.0/24'), peer('node-vb', otherNode, '10.244.2.0/24')];

async function sync(lab: NetworkLab, heldAddresses: string[], endpoints: string[], services = [web(), time, exposed]): Promise<void> {
  const endpointSlices = [slice('web', 'TCP', endpoints), slice('time', 'UDP', endpoints), slice('exposed', 'TCP', endpoints)];
  await lab.call({ method: 'sync', state: { services, endpointSlices, pods: [], peers, heldAddresses } });
}

/** Where the client sends what is for the address. */
async function neighbour({ a }: Lan): Promise<string | undefined> {
  const [entry] = JSON.parse(await a.run('ip', ['-json', 'neigh', 'show', held, 'dev', 'sw0'], { namespace: 'outside' })) as {
    lladdr?: string;
  }[];
  return entry?.lladdr;
}

async function hardware(lab: NetworkLab, device: string): Promise<string> {
  const [link] = JSON.parse(await lab.run('ip', ['-json', 'link', 'show', 'dev', device])) as { address: string }[];
  return link?.address ?? '';
}

const has = async (lab: NetworkLab) => (await lab.run('ip', ['-4', 'address', 'show'])).includes(`${held}/32`);
const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 15_000, interval: 50 });

test('a client reaches services by an address that one node announces, and by another when that is cut off; nothing is left', async () => {
  await using nodes = await lan();
  const { a, b } = nodes;
  const before = await Promise.all([a, b].map((lab) => lab.run('ip', ['-brief', 'link', 'show'])));
  const endpoints: string[] = [];
  for (const [lab, name, podCidr] of [[a, 'x', '10.244.1.0/24'] as const, [b, 'y', '10.244.2.0/24'] as const]) {
    await lab.call({ method: 'configure', settings: { ...common, podCidr } });
    endpoints.push(await lab.addPod(name));
    await lab.serve(name, 8080, name);
  }
  await sync(a, [held], endpoints);
  await sync(b, [], endpoints);
  await eventually(async () => expect([await has(a), await has(b)]).toEqual([true, false]));
  const names = async (lab: NetworkLab, from: string | undefined, protocol: 'tcp' | 'udp') =>
    new Set((await lab.ask(from, protocol, held, port, 16)).map(({ reply, error }) => reply?.split(' ')[0] ?? error));
  for (const protocol of ['tcp', 'udp'] as const) expect(await names(a, 'outside', protocol)).toEqual(new Set(['x', 'y']));
  for (const [lab, from] of [[b, 'y'] as const, [a, 'x'] as const, [a, undefined] as const])
    expect(await names(lab, from, 'tcp'), `${from}`).toEqual(new Set(['x', 'y']));
  expect(await a.ask(undefined, 'tcp', held, port + 1)).toMatchObject([{ error: 'ECONNREFUSED' }]);
  expect(await neighbour(nodes)).toBe(await hardware(a, devices.a));
  // It is not the node's own: only its services' ports answer, though node ports do under the node's address.
  const answers = await a.askAll('outside', [`tcp/${held}/${nodePort}`, `tcp/${held}/${port + 1}`, `tcp/${nodeAddress}/${nodePort}`]);
  expect(answers.map(({ reply, error }) => error ?? reply?.split(' ')[1])).toEqual(['ECONNREFUSED', 'ECONNREFUSED', expect.any(String)]);
  expect(answers[2]?.reply).toMatch(/^[xy] /);

  // Cut off, it goes on as before.
  await a.run('ip', ['link', 'set', devices.a, 'nomaster'], { namespace: 'outside' });
  await sync(b, [held], endpoints.slice(1));
  // By what the node says unasked: the client has sent nothing meanwhile.
  await eventually(async () => expect(await neighbour(nodes)).toBe(await hardware(b, devices.b)));
  expect(await names(a, 'outside', 'tcp')).toEqual(new Set(['y']));

  // Its link comes back, and somebody has put the client on a wrong track meanwhile.
  const wrong = ['neigh', 'replace', held, 'lladdr', wrongHardware, 'dev', 'sw0', 'nud', 'stale'];
  await a.run('ip', wrong, { namespace: 'outside' });
  for (const state of ['down', 'up']) await a.run('ip', ['link', 'set', devices.b, state], { namespace: 'outside' });
  await eventually(async () => expect(await neighbour(nodes)).toBe(await hardware(b, devices.b)));
  await b.run('ip', ['address', 'flush', 'dev', 'brthlvb']);
  await eventually(async () => expect(await has(b)).toBe(true));

  await sync(b, [held], endpoints.slice(1), [web({ loadBalancerSourceRanges: [`${friend}/32`] }), time, exposed]);
  await eventually(async () => expect(await b.run('nft', ['list', 'ruleset'])).toContain(`ip saddr ${friend} goto`));
  const sources = [outsideAddress, friend].map((source) => a.ask('outside', 'tcp', held, port, 1, 0, source));
  const replies = (await Promise.all(sources)).map(([attempt]) => attempt?.reply?.split(' ')[0] ?? attempt?.error);
  expect(replies).toEqual(['timed out', 'y']);

  // The other one is back, and hears that it is not its any more.
  await a.run('ip', ['link', 'set', devices.a, 'master', 'sw0'], { namespace: 'outside' });
  await sync(a, [], endpoints);
  await eventually(async () => expect([await has(a), await has(b)]).toEqual([false, true]));
  for (const lab of [a, b]) {
    await lab.call({ method: 'stop' });
    await lab.call({ method: 'tearDownByName' });
  }
  const after = await Promise.all([a, b].map((lab) => lab.run('ip', ['-brief', 'link', 'show'])));
  const interfaces = (texts: string[]) => texts.map((text) => text.split('\n').map((line) => line.split(/[@ ]/)[0]));
  expect(interfaces(after)).toEqual(interfaces(before));
});
