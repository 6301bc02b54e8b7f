// A node's network with real packets: pods, services, node ports, names, and nothing left behind. All of it is in namespaces of the lab's own.
import type { EndpointSlice, Pod, Service } from '@berth/api';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { NetworkLab, nodeAddress, outsideAddress } from './network-lab/lab.ts';
import { nodePort, ports, service, slice as sliceOf } from './network-lab/services.ts';

const settings = { podCidr: '10.244.7.0/24', serviceCidr: '10.96.0.0/16', clusterDns: '10.96.0.10', clusterDomain: 'cluster.local' };
const webAddress = '10.96.0.20';
const emptyAddress = '10.96.0.21';
const addresses: Record<string, string> = {};
let lab: NetworkLab;

const slice = (name: string, pods: Parameters<typeof sliceOf>[1]) => sliceOf(name, pods, addresses);

/** Brings the node in line, and waits for the rules to hold what they should. */
async function publish(services: Service[], endpointSlices: EndpointSlice[], expected: string, pods: Pod[] = []): Promise<void> {
  await lab.call({ method: 'sync', state: { services, endpointSlices, pods, peers: [] } });
  await vi.waitFor(async () => expect(await lab.run('nft', ['list', 'ruleset'])).toContain(expected), { timeout: 5_000, interval: 50 });
}

/** The names that answered, without who asked. */
async function answering(namespace: string | undefined, host: string, port: number, count = 1, protocol: 'tcp' | 'udp' = 'tcp') {
  const attempts = await lab.ask(namespace, protocol, host, port, count);
  return attempts.map(({ reply, error }) => reply?.split(' ')[0] ?? error);
}

beforeAll(async () => {
  lab = await NetworkLab.create('lab');
  await lab.call({ method: 'configure', settings });
  for (const name of ['a', 'b']) {
    addresses[name] = await lab.addPod(name);
    await lab.serve(name, 8080, name);
  }
  await lab.serve('outside', 8080, 'outside');
});

afterAll(() => lab?.[Symbol.asyncDispose]());

describe('services', () => {
  beforeAll(async () => {
    const web = service('web', { type: 'NodePort', clusterIP: webAddress, ports });
    const empty = service('empty', { clusterIP: emptyAddress, ports: [{ name: 'http', port: 80, protocol: 'TCP' }] });
    await publish([web, empty], [slice('web', [{ pod: 'a' }, { pod: 'b' }])], `${webAddress} . udp . 123 : goto`);
  });

  test('a pod reaches both endpoints of a cluster address, about as often', async () => {
    const names = await answering('b', webAddress, 80, 60);
    expect(new Set(names)).toEqual(new Set(['a', 'b']));
    // Of 60 fair coins fewer than 12 fall on one side about twice in a million times.
    expect(names.filter((name) => name === 'a').length).toBeGreaterThan(11);
    expect(names.filter((name) => name === 'b').length).toBeGreaterThan(11);
  });

  test('the node itself reaches cluster addresses, and node ports at 127.0.0.1 and at its own address', async () => {
    for (const [host, port] of [[webAddress, 80] as const, ['127.0.0.1', nodePort] as const, [nodeAddress, nodePort] as const]) {
      expect(new Set(await answering(undefined, host, port, 30)), `${host}:${port}`).toEqual(new Set(['a', 'b']));
    }
  });

  test('machines outside reach node ports, and are seen under their own address', async () => {
    const attempts = await lab.ask('outside', 'tcp', nodeAddress, nodePort, 10);
    for (const { reply } of attempts) expect(reply).toMatch(new RegExp(`^[ab] ${outsideAddress}$`));
  });

  test('UDP goes the same ways', async () => {
    for (const [from, host, port] of [
      ['a', webAddress, 123],
      [undefined, webAddress, 123],
      [undefined, '127.0.0.1', nodePort + 1],
      ['outside', nodeAddress, nodePort + 1],
    ] as const) {
      expect(new Set(await answering(from, host, port, 20, 'udp')), `${from} to ${host}:${port}`).toEqual(new Set(['a', 'b']));
    }
  });

  test('what has no endpoint is refused at once, to pods and to the node', async () => {
    for (const from of ['a', undefined]) {
      const [attempt] = await lab.ask(from, 'tcp', emptyAddress, 80);
      expect(attempt?.error).toBe('ECONNREFUSED');
      expect(attempt?.elapsedMs).toBeLessThan(500);
    }
  });

  test('pods see each other by address, and the world sees the node', async () => {
    expect(await lab.ask('a', 'tcp', addresses.b ?? '', 8080)).toMatchObject([{ reply: `b ${addresses.a}` }]);
    expect(await lab.ask('a', 'tcp', outsideAddress, 8080)).toMatchObject([{ reply: `outside ${nodeAddress}` }]);
  });
});

describe('special ways', () => {
  test('a pod reaches itself by its own cluster address', async () => {
    const self = service('self', { clusterIP: '10.96.0.22', ports });
    await publish([self], [slice('self', [{ pod: 'a' }])], '10.96.0.22 . tcp . 80 : goto');
    expect(await answering('a', '10.96.0.22', 80, 5)).toEqual(Array(5).fill('a'));
    expect(await answering('a', '10.96.0.22', 123, 5, 'udp')).toEqual(Array(5).fill('a'));
  });

  test('a client with affinity stays with one endpoint', async () => {
    const sticky = service('sticky', { clusterIP: '10.96.0.23', ports, sessionAffinity: 'ClientIP' });
    await publish([sticky], [slice('sticky', [{ pod: 'a' }, { pod: 'b' }])], '10.96.0.23 . tcp . 80 : goto sticky');
    for (const from of ['a', 'b', undefined]) expect(new Set(await answering(from, '10.96.0.23', 80, 20)).size).toBe(1);
  });

  test('traffic policies keep to endpoints of this node, and drop where they are elsewhere; what comes from this node goes anywhere', async () => {
    const local = { internalTrafficPolicy: 'Local', externalTrafficPolicy: 'Local' } as const;
    const half = service('half', { type: 'NodePort', clusterIP: '10.96.0.24', ports, ...local });
    const far = service('far', { clusterIP: '10.96.0.25', ports: [{ name: 'http', port: 80, protocol: 'TCP' }], ...local });
    const slices = [
      slice('half', [{ pod: 'a' }, { pod: 'b', nodeName: 'elsewhere' }]),
      slice('far', [{ pod: 'b', nodeName: 'elsewhere' }]),
    ];
    await publish([half, far], slices, '10.96.0.24 . tcp . 80 : goto');
    expect(new Set(await answering('b', '10.96.0.24', 80, 20))).toEqual(new Set(['a']));
    expect(new Set(await answering('outside', nodeAddress, nodePort, 20))).toEqual(new Set(['a']));
    expect(await answering('a', '10.96.0.25', 80)).toEqual(['timed out']);
    for (const from of ['a', undefined]) expect(new Set(await answering(from, nodeAddress, nodePort, 30))).toEqual(new Set(['a', 'b']));
    await publish([half, far], [slice('half', [{ pod: 'b', nodeName: 'elsewhere' }])], 'drop');
    expect(await answering('outside', nodeAddress, nodePort)).toEqual(['timed out']);
    expect(await answering('a', nodeAddress, nodePort)).toEqual(['b']);
  });

  test('endpoints that end and still serve are used while none is ready, and one that has stopped serving never is', async () => {
    const ending = service('ending', { type: 'NodePort', clusterIP: '10.96.0.28', ports });
    const [serving, stopped] = [true, false].map((is) => ({ ready: false, serving: is, terminating: true }));
    for (const [a, b, expected] of [[serving, stopped, 'a'] as const, [serving, { ready: true }, 'b'] as const]) {
      const both = slice('ending', [
        { pod: 'a', conditions: a },
        { pod: 'b', conditions: b },
      ]);
      await publish([ending], [both], `10.96.0.28 . 80 . 0 : ${addresses[expected]} . 8080`);
      expect(new Set(await answering('a', '10.96.0.28', 80, 12))).toEqual(new Set([expected]));
      expect(new Set(await answering('outside', nodeAddress, nodePort, 12))).toEqual(new Set([expected]));
    }
  });

  test('a service that prefers what is near leads to the endpoint that is for this node, else for its zone, while there is one', async () => {
    const near = service('near', { clusterIP: '10.96.0.26', ports, trafficDistribution: 'PreferSameNode' });
    const hinted = (hints: { a: [zone: string, node: string]; b: [zone: string, node: string] }) => {
      const both = slice('near', [{ pod: 'a' }, { pod: 'b' }]);
      for (const endpoint of both.endpoints ?? []) {
        const [zone, node] = hints[endpoint.hostname as 'a' | 'b'];
        endpoint.hints = { forZones: [{ name: zone }], forNodes: [{ name: node }] };
      }
      return both;
    };
    const leadsTo = async (slices: EndpointSlice, expected: string[]) => {
      await lab.call({ method: 'sync', state: { services: [near], endpointSlices: [slices], pods: [], peers: [], zone: 'z1' } });
      await vi.waitFor(async () => expect(new Set(await answering('b', '10.96.0.26', 80, 20))).toEqual(new Set(expected)), 15_000);
    };
    await leadsTo(hinted({ a: ['z2', 'node-lab'], b: ['z1', 'elsewhere'] }), ['a']);
    await leadsTo(hinted({ a: ['z2', 'elsewhere'], b: ['z1', 'elsewhere'] }), ['b']);
    await leadsTo(hinted({ a: ['z2', 'elsewhere'], b: ['z3', 'elsewhere'] }), ['a', 'b']);
  });

  test('a host port leads to its pod, from the node, its loopback and outside', async () => {
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'b', namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 8080, hostPort: 8_088, protocol: 'TCP' }] }] },
      status: { podIP: addresses.b },
    };
    await publish([], [], 'tcp . 8088 : goto', [pod]);
    expect(await answering(undefined, '127.0.0.1', 8_088)).toEqual(['b']);
    expect(await answering(undefined, nodeAddress, 8_088)).toEqual(['b']);
    expect(await answering('outside', nodeAddress, 8_088)).toEqual(['b']);
    expect(await answering('b', nodeAddress, 8_088)).toEqual(['b']);
  });

  test('host ports of one number on other addresses and by other protocols lead to their own pods', async () => {
    const withPort = (pod: string, hostIP: string, protocol: 'TCP' | 'UDP'): Pod => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `${pod}-${protocol}`, namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 8080, hostPort: 8_090, protocol, hostIP }] }] },
      status: { podIP: addresses[pod] },
    });
    const pods = [withPort('a', '127.0.0.1', 'TCP'), withPort('b', nodeAddress, 'TCP'), withPort('a', nodeAddress, 'UDP')];
    await publish([], [], '127.0.0.1 . tcp . 8090 : goto', pods);
    expect(await answering(undefined, '127.0.0.1', 8_090)).toEqual(['a']);
    expect(await answering(undefined, nodeAddress, 8_090)).toEqual(['b']);
    expect(await answering('outside', nodeAddress, 8_090)).toEqual(['b']);
    expect(await answering('outside', nodeAddress, 8_090, 1, 'udp')).toEqual(['a']);
    expect(await answering(undefined, '127.0.0.1', 8_090, 1, 'udp')).toEqual(['ECONNREFUSED']);
    // From another of the node's addresses, as a client may choose.
    expect(await lab.ask(undefined, 'tcp', '127.0.0.1', 8_090, 1, 0, nodeAddress)).toMatchObject([{ reply: expect.stringMatching(/^a /) }]);
  });

  test("what listens on the node's loopback only is out of a pod's reach, though node ports answer there", async () => {
    const forger = await lab.addPod('forger');
    const gateway = '10.244.7.1';
    // A pod that may send raw packets can do this from within; routes are the simple way to make them.
    for (const setting of ['all', 'eth0']) {
      await lab.run('ip', ['netns', 'exec', 'forger', 'sysctl', '-qw', `net.ipv4.conf.${setting}.route_localnet=1`]);
    }
    await lab.run('ip', ['-n', 'forger', 'address', 'delete', '127.0.0.1/8', 'dev', 'lo']);
    await lab.run('ip', ['-n', 'forger', 'route', 'add', '127.0.0.0/8', 'via', gateway, 'dev', 'eth0', 'src', forger]);
    await lab.serve('secret', 9_999, undefined);
    expect(await answering(undefined, '127.0.0.1', 9_999)).toEqual(['secret']);
    expect(await answering('forger', '127.0.0.1', 9_999)).toEqual(['timed out']);
  });
});

/** A client that keeps its source port, as it asks: what answers now. */
const stillAsking = async (from: string | undefined, host: string, port: number, sourcePort: number) =>
  (await lab.ask(from, 'udp', host, port, 1, sourcePort))[0]?.reply?.split(' ')[0];

describe('clients of UDP that keep their source port', () => {
  const udp = (name: string, clusterIP: string) => service(name, { type: 'NodePort', clusterIP, ports });
  const ways = [
    ['outside', nodeAddress, nodePort + 1],
    [undefined, '127.0.0.1', nodePort + 1],
    [undefined, '10.96.0.30', 123],
    ['b', '10.96.0.30', 123],
  ] as const;

  test('are answered by the new endpoint once the old one is gone, whichever way they ask', async () => {
    const both = [udp('moving', '10.96.0.30')];
    await publish(both, [slice('moving', [{ pod: 'a' }])], `10.96.0.30 . 123 . 0 : ${addresses.a}`);
    for (const [from, host, port] of ways) expect(await stillAsking(from, host, port, 5_801), `${from} to ${host}:${port}`).toBe('a');
    await publish(both, [slice('moving', [{ pod: 'b' }])], `10.96.0.30 . 123 . 0 : ${addresses.b}`);
    for (const [from, host, port] of ways) {
      await vi.waitFor(async () => expect(await stillAsking(from, host, port, 5_801), `${from} to ${host}:${port}`).toBe('b'), 15_000);
    }
  });

  test('get no answer from a port that is taken away, nor does anybody', async () => {
    const [http] = ports;
    await publish([udp('moving', '10.96.0.30')], [slice('moving', [{ pod: 'a' }])], '10.96.0.30 . udp . 123 : goto');
    expect(await stillAsking('b', '10.96.0.30', 123, 5_802)).toBe('a');
    const tcpOnly = service('moving', { type: 'NodePort', clusterIP: '10.96.0.30', ports: http ? [http] : [] });
    await publish([tcpOnly], [slice('moving', [{ pod: 'a' }])], '10.96.0.30 . tcp . 80 : goto');
    await vi.waitFor(async () => expect(await stillAsking('b', '10.96.0.30', 123, 5_802)).toBeUndefined(), 15_000);
    expect(await answering('b', '10.96.0.30', 123, 1, 'udp')).toEqual(['ECONNREFUSED']);
    expect(await answering('b', '10.96.0.30', 80)).toEqual(['a']);
    expect(await answering('b', '10.96.0.30', 81)).toEqual(['ECONNREFUSED']);
  });

  test('reach a host port that comes while they ask', async () => {
    const port = { containerPort: 8080, hostPort: 8_089, protocol: 'UDP' } as const;
    const withPort: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'b', namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'i', ports: [port] }] },
      status: { podIP: addresses.b },
    };
    // Something on the node answers at first, so that there is a flow.
    const end = await lab.serve('node', 8_089, undefined);
    await publish([], [], 'kept', []);
    expect(await stillAsking('outside', nodeAddress, 8_089, 5_803)).toBe('node');
    await publish([], [], 'udp . 8089 : goto', [withPort]);
    await vi.waitFor(async () => expect(await stillAsking('outside', nodeAddress, 8_089, 5_803)).toBe('b'), 15_000);
    await end();
  });
});

describe('names', () => {
  const ask = (type: string, name: string) => lab.resolve('a', settings.clusterDns, type, name);

  beforeAll(async () => {
    const services = [
      service('web', { clusterIP: webAddress, ports }),
      service('db', { clusterIP: 'None', ports }),
      service('other', { type: 'ExternalName', externalName: 'web.default.svc.example' }),
    ];
    await publish(services, [slice('web', [{ pod: 'a' }]), slice('db', [{ pod: 'a' }, { pod: 'b' }])], `${webAddress} . tcp . 80 : goto`);
  });

  test('a pod finds services, endpoints by host name, ports, and names of addresses', async () => {
    expect(await ask('A', 'web.default.svc.cluster.local')).toBe(`["${webAddress}"]`);
    expect(JSON.parse((await ask('A', 'db.default.svc.cluster.local')) ?? '').toSorted()).toEqual([addresses.a, addresses.b].toSorted());
    expect(await ask('A', 'b.db.default.svc.cluster.local')).toBe(`["${addresses.b}"]`);
    expect(JSON.parse((await ask('SRV', '_http._tcp.db.default.svc.cluster.local')) ?? '')).toMatchObject([{ port: 8080 }, { port: 8080 }]);
    expect(await ask('PTR', webAddress)).toBe('["web.default.svc.cluster.local"]');
  });

  test('what does not exist is told from what has no such record', async () => {
    expect(await ask('A', 'no.default.svc.cluster.local')).toBe('ENOTFOUND');
    expect(await ask('AAAA', 'web.default.svc.cluster.local')).toBe('ENODATA');
  });

  test('other names are asked of the servers of the node, aliases for elsewhere too, and fail when nobody answers', async () => {
    expect(await ask('A', 'web.default.svc.example')).toBe('ESERVFAIL');
    await lab.serveNames();
    expect(await ask('A', 'web.default.svc.example')).toBe('["198.51.100.7"]');
    expect(await ask('A', 'other.default.svc.cluster.local')).toBe('["198.51.100.7"]');
  });

  test('a question from port 0, where nothing can be sent, ends nothing', async () => {
    // As a pod that may send raw packets can make them.
    const rules = 'table ip zero { chain output { type filter hook output priority raw; udp dport 53 udp sport set 0; }; }';
    await lab.run('nft', ['-f', '-'], { namespace: 'a', input: rules });
    expect(await ask('A', 'web.default.svc.cluster.local')).toBe('ETIMEOUT');
    await lab.run('nft', ['delete', 'table', 'ip', 'zero'], { namespace: 'a' });
    expect(await ask('A', 'web.default.svc.cluster.local')).toBe(`["${webAddress}"]`);
  });
});
