// A node's network from first set-up to its removal, in namespaces of a lab's own: what a restart keeps, what a failure leaves, what is gone.
import type { EndpointSlice, Service } from '@berth/api';
import { expect, test, vi } from 'vitest';
import { NetworkLab } from './network-lab/lab.ts';

const settings = { podCidr: '10.244.8.0/24', serviceCidr: '10.96.0.0/16', clusterDns: '10.96.0.10', clusterDomain: 'cluster.local' };
const webAddress = '10.96.0.20';
const web: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { type: 'ClusterIP', clusterIP: webAddress, ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
};

function webSlice(address: string): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-x', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}

/** Everything of the node that the network may change. */
async function trace(lab: NetworkLab) {
  return {
    rules: await lab.run('nft', ['list', 'ruleset']),
    interfaces: await lab.run('ls', ['/sys/class/net']),
    // The kernel gives an interface its IPv6 address when it likes.
    routes: await lab.run('ip', ['-4', 'route', 'show', 'table', 'all']),
    forwards: await lab.run('cat', ['/proc/sys/net/ipv4/ip_forward']),
    files: await lab.run('find', [lab.directory, '-type', 'f']),
  };
}

async function serveWeb(lab: NetworkLab): Promise<void> {
  const address = await lab.addPod('a');
  await lab.serve('a', 8080, 'a');
  await lab.call({ method: 'sync', state: { services: [web], endpointSlices: [webSlice(address)], pods: [], peers: [] } });
  await vi.waitFor(async () => expect(await lab.run('nft', ['list', 'ruleset'])).toContain(webAddress), { timeout: 5_000, interval: 50 });
}

test.each(['tearDown', 'tearDownByName'] as const)('%s leaves nothing, and can be repeated', async (method) => {
  await using lab = await NetworkLab.create('life');
  const before = await trace(lab);
  expect(before.forwards).toBe('0\n');
  await lab.call({ method: 'configure', settings });
  await serveWeb(lab);
  expect(await trace(lab)).not.toEqual(before);
  // The pod still runs.
  await lab.call({ method: 'stop' });
  for (let round = 0; round < 2; round++) {
    await lab.call({ method });
    expect(await trace(lab)).toEqual(before);
  }
});

test('services outlive the agent, and the next one goes on from there', async () => {
  await using lab = await NetworkLab.create('life');
  await lab.call({ method: 'configure', settings });
  await serveWeb(lab);
  await lab.call({ method: 'stop' });
  expect(await lab.ask('a', 'tcp', webAddress, 80)).toMatchObject([{ reply: expect.stringMatching(/^a /) }]);
  const handle = await handleOfTable(lab);
  await lab.call({ method: 'restart' });
  await lab.call({ method: 'configure', settings });
  expect(await lab.resolve('a', settings.clusterDns, 'A', 'nobody.default.svc.cluster.local')).toBe('ENOTFOUND');
  const next = await lab.addPod('b');
  await lab.call({ method: 'sync', state: { services: [web], endpointSlices: [webSlice(next)], pods: [], peers: [] } });
  await vi.waitFor(async () => expect(await lab.run('nft', ['list', 'ruleset'])).toContain(`: ${next} . 8080`), 15_000);
  // What was there is changed where it differs, not made anew.
  expect(handle).toMatch(/^\d+$/);
  expect(await handleOfTable(lab)).toBe(handle);
});

/** Another table of the same name has another. */
async function handleOfTable(lab: NetworkLab): Promise<string | undefined> {
  const listed = await lab.run('nft', ['--handle', 'list', 'table', 'ip', 'berth-life']);
  return /^table ip berth-life \{ # handle (\d+)$/m.exec(listed)?.[1];
}

test('a node whose DNS address is taken says so, and is whole once it is free', async () => {
  await using lab = await NetworkLab.create('life');
  const taken = await lab.serve('taken', 53, undefined);
  await expect(lab.call({ method: 'configure', settings })).rejects.toThrow('EADDRINUSE');
  await taken();
  await lab.call({ method: 'configure', settings });
  await serveWeb(lab);
  expect(await lab.resolve('a', settings.clusterDns, 'A', 'web.default.svc.cluster.local')).toBe(`["${webAddress}"]`);
});

test('settings of the kernel stay for another node beside this one', async () => {
  await using lab = await NetworkLab.create('life');
  await lab.call({ method: 'configure', settings });
  await lab.run('ip', ['link', 'add', 'brthother', 'type', 'bridge']);
  await lab.call({ method: 'tearDown' });
  expect((await trace(lab)).forwards).toBe('1\n');
});

test("what somebody else removes of a node's rules is made again, down to one element, and nothing else is touched", async () => {
  await using lab = await NetworkLab.create('life');
  await lab.call({ method: 'configure', settings });
  await serveWeb(lab);
  // In any order, as the kernel has elements.
  const listed = async () =>
    (await lab.run('nft', ['-s', 'list', 'table', 'ip', 'berth-life']))
      .split(/[\n,]/)
      .map((line) => line.replace('elements = {', '').trim())
      .sort();
  const before = await listed();
  for (const statement of [
    ['flush', 'ruleset'],
    ['flush', 'table', 'ip', 'berth-life'],
    ['flush', 'chain', 'ip', 'berth-life', 'tcp-all-1'],
    ['flush', 'map', 'ip', 'berth-life', 'cluster-ports'],
    ['delete', 'element', 'ip', 'berth-life', 'tcp-endpoints', `{ ${webAddress} . 80 . 0 }`],
  ]) {
    const handle = await handleOfTable(lab);
    await lab.run('nft', statement);
    await vi.waitFor(async () => expect(await listed()).toEqual(before), { timeout: 15_000, interval: 100 });
    const isKept = statement.includes('map') || statement.includes('element');
    if (isKept) expect(await handleOfTable(lab)).toBe(handle);
  }
  expect(await lab.ask('a', 'tcp', webAddress, 80)).toMatchObject([{ reply: expect.stringMatching(/^a /) }]);
});

test('clients with affinity are remembered since they came last, for as long as the service says now, also by the next agent', async () => {
  await using lab = await NetworkLab.create('life');
  await lab.call({ method: 'configure', settings });
  const address = await lab.addPod('a');
  await lab.serve('a', 8080, 'a');
  const publish = async (timeoutSeconds: number) => {
    const affinity = { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds } } } as const;
    const services = [{ ...web, spec: { ...web.spec, ...affinity } }];
    await lab.call({ method: 'sync', state: { services, endpointSlices: [webSlice(address)], pods: [], peers: [] } });
    await vi.waitFor(async () => expect(await rules()).toContain(`timeout ${timeoutSeconds}s`), { timeout: 15_000, interval: 50 });
  };
  const rules = async () => await lab.run('nft', ['list', 'table', 'ip', 'berth-life']);
  const remembered = async () => {
    const items: { set?: { name: string; elem?: { elem: Remembered }[] } }[] = JSON.parse(
      await lab.run('nft', ['-j', 'list', 'table', 'ip', 'berth-life']),
    ).nftables;
    return items.flatMap(({ set }) => (set?.name.startsWith('clients-') ? (set.elem ?? []).map(({ elem }) => elem) : []));
  };
  const until = (expected: unknown) =>
    vi.waitFor(async () => expect(await remembered()).toEqual(expected), { timeout: 15_000, interval: 100 });
  const ask = async () => expect(await lab.ask(undefined, 'tcp', webAddress, 80)).toMatchObject([{ reply: expect.stringMatching(/^a /) }]);

  await publish(50);
  expect(await remembered()).toEqual([]);
  await ask();
  const [first] = await remembered();
  expect(first).toMatchObject({ timeout: 50 });
  // Who comes again is remembered anew.
  const set = /set (clients-\S+)/.exec(await rules())?.[1] ?? '';
  const almostForgotten = `${first?.val} timeout 50s expires 9s`;
  await lab.run('nft', [`flush set ip berth-life ${set}; add element ip berth-life ${set} { ${almostForgotten} }`]);
  await ask();
  expect((await remembered())[0]?.expires).toBeGreaterThan(9);
  await lab.call({ method: 'stop' });
  await lab.call({ method: 'restart' });
  await lab.call({ method: 'configure', settings });
  await publish(55);
  await until([expect.objectContaining({ val: first?.val, timeout: 55 })]);
  await publish(1);
  await until([]);
});

interface Remembered {
  val: string;
  timeout: number;
  expires: number;
}
