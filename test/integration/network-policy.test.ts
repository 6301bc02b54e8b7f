// Network policies with real packets between pods of one node, which a bridge carries and no router: what is allowed passes, and all else that
// a policy is about does not, through services as well. Across nodes: pod-network.test.ts.
import type { EndpointSlice, Pod, Service } from '@berth/api';
import type { AddressSet, PolicyRules } from '@berth/protocol';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { NetworkLab, nodeAddress, outsideAddress } from './network-lab/lab.ts';

const settings = { podCidr: '10.244.6.0/24', serviceCidr: '10.96.0.0/16', clusterDns: '10.96.0.10', clusterDomain: 'cluster.local' };
const webAddress = '10.96.0.20';
const nodePort = 30_081;
const names = ['a', 'b', 'c'] as const;
const addresses: Record<string, string> = {};
let lab: NetworkLab;
let version = 1;

const web: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { type: 'NodePort', clusterIP: webAddress, ports: [{ name: 'http', port: 80, protocol: 'TCP', nodePort }] },
};

const at = (name: string) => addresses[name] ?? '';

function webSlice(): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-x', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [at('a')], conditions: { ready: true } }],
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}

function pod(name: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: name, labels: { app: name } },
    spec: { containers: [] },
    status: { podIP: addresses[name] },
  };
}

function policy(name: string, app: string, rules: Pick<PolicyRules['spec'], 'ingress' | 'egress'>): PolicyRules {
  const metadata = { name, namespace: 'default', resourceVersion: String(version++) };
  return { apiVersion: 'berth.io/v1', kind: 'PolicyRules', metadata, spec: { podSelector: { matchLabels: { app } }, ...rules } };
}

function addressSet(name: string, elements: string[]): AddressSet {
  return { apiVersion: 'berth.io/v1', kind: 'AddressSet', metadata: { name, resourceVersion: String(version++) }, spec: { elements } };
}

async function enforce(policies: PolicyRules[], addressSets: AddressSet[], leaving: Pod[] = []): Promise<void> {
  const wanted = names.filter((name) => !leaving.some(({ metadata }) => metadata.name === name)).map(pod);
  const state = { services: [web], endpointSlices: [webSlice()], pods: wanted, peers: [], policies: { policies, addressSets, leaving } };
  await lab.call({ method: 'sync', state });
  await lab.call({ method: 'policiesInForce' });
}

/** Who asks what, such as `b tcp/10.0.0.1/80`, and what comes of it: the name of whoever answers, or an error. */
type Flows = Record<string, string>;

async function expectFlows(expected: Flows): Promise<void> {
  const questions = Map.groupBy(Object.keys(expected), (question) => question.split(' ')[0] ?? '');
  const found = [...questions].map(async ([from, of]) => {
    const attempts = await lab.askAll(
      from === 'node' ? undefined : from,
      of.map((question) => question.split(' ')[1] ?? ''),
    );
    return attempts.map(({ reply, error }, index) => [of[index], reply?.split(' ')[0] ?? error]);
  });
  expect(Object.fromEntries((await Promise.all(found)).flat())).toEqual(expected);
}

beforeAll(async () => {
  lab = await NetworkLab.create('policy');
  await lab.call({ method: 'configure', settings });
  for (const name of names) {
    addresses[name] = await lab.addPod(name);
    await lab.serve(name, 8080, name);
  }
  await lab.serve('a', 9090, 'a');
  await lab.serve('outside', 8080, 'outside');
});

afterAll(() => lab?.[Symbol.asyncDispose]());

const fromB = () =>
  policy('from-b', 'a', { ingress: [{ peers: [{ set: 'pods-b' }], ports: [{ protocol: 'tcp', from: 8000, to: 8080 }] }] });

test('what a policy allows comes in, by address, service and node port, and nothing else does', async () => {
  await enforce([fromB()], [addressSet('pods-b', [at('b')])]);
  await expectFlows({
    [`b tcp/${at('a')}/8080`]: 'a',
    [`b tcp/${webAddress}/80`]: 'a',
    [`b tcp/${at('a')}/9090`]: 'timed out',
    [`b udp/${at('a')}/8080`]: 'timed out',
    [`c tcp/${at('a')}/8080`]: 'timed out',
    [`c tcp/${webAddress}/80`]: 'timed out',
    [`outside tcp/${nodeAddress}/${nodePort}`]: 'timed out',
    // Its own node always may, as probes must; and so may itself.
    [`node tcp/${at('a')}/8080`]: 'a',
    [`node tcp/${webAddress}/80`]: 'a',
    [`a tcp/${webAddress}/80`]: 'a',
    [`a tcp/${at('a')}/8080`]: 'a',
    // Nothing was said of what goes out, and of other pods.
    [`a tcp/${at('c')}/8080`]: 'c',
    [`a tcp/${outsideAddress}/8080`]: 'outside',
    [`c tcp/${at('b')}/8080`]: 'b',
  });
});

test('what goes out is judged by the pod behind a service, by ranges, ranges of ports and named ports', async () => {
  const egress = policy('out', 'c', {
    egress: [
      { peers: [{ cidr: '10.244.6.0/24', except: [`${at('b')}/32`] }], ports: [{ protocol: 'tcp', from: 8000, to: 9000 }] },
      { peers: [{ set: 'pods-b' }], ports: [{ set: 'ports-dns' }, { protocol: 'sctp', from: 1, to: 9 }] },
    ],
  });
  await enforce([egress], [addressSet('pods-b', [at('b')]), addressSet('ports-dns', [`${at('b')} udp 8080`, `${at('a')} udp 8080`])]);
  await expectFlows({
    [`c tcp/${webAddress}/80`]: 'a',
    [`c tcp/${at('a')}/9090`]: 'timed out',
    [`c tcp/${at('b')}/8080`]: 'timed out',
    [`c udp/${at('b')}/8080`]: 'b',
    [`c udp/${at('a')}/8080`]: 'timed out',
    [`c tcp/${outsideAddress}/8080`]: 'timed out',
    [`c tcp/${nodeAddress}/${nodePort}`]: 'a',
    [`a tcp/${at('c')}/8080`]: 'c',
  });
});

test('a change is in force at once, for connections that are open as well, and no policy is no rule', async () => {
  const first = fromB();
  const tables = () => lab.run('nft', ['list', 'tables']);
  const closing = policy('closing', 'b', { ingress: [] });
  const stillAsking = async () => (await lab.ask('c', 'udp', at('b'), 8080, 1, 5_900))[0]?.error;
  await enforce([first], [addressSet('pods-b', [at('b')])]);
  expect(await stillAsking()).toBeUndefined();
  // Of the first, only an element of its set.
  await enforce([first, closing], [addressSet('pods-b', [at('c')])]);
  const flows = expectFlows({ [`b tcp/${at('a')}/8080`]: 'timed out', [`c tcp/${at('a')}/8080`]: 'a' });
  expect(await Promise.all([stillAsking(), flows])).toEqual(['timed out', undefined]);
  // Another rule under the same name, and another policy.
  const closed = policy('from-b', 'a', { ingress: [] });
  await enforce([closed, policy('out', 'a', { egress: [] })], []);
  await expectFlows({ [`c tcp/${at('a')}/8080`]: 'timed out', [`a tcp/${at('c')}/8080`]: 'timed out' });
  expect(await tables()).toContain('berth-policy-policy');
  await enforce([], []);
  expect(await tables()).not.toContain('berth-policy-policy');
  await expectFlows({ [`b tcp/${at('a')}/9090`]: 'a', [`a tcp/${at('c')}/8080`]: 'c' });
});

test('rules stay while the agent is away, and until the next one knows addresses; what leaves stays closed', async () => {
  await enforce([fromB()], [addressSet('pods-b', [at('b')])]);
  await lab.call({ method: 'stop' });
  await lab.call({ method: 'restart' });
  await lab.call({ method: 'configure', settings });
  await lab.call({ method: 'sync', state: { services: [web], endpointSlices: [webSlice()], pods: [], peers: [] } });
  await expectFlows({ [`b tcp/${at('a')}/8080`]: 'a', [`c tcp/${at('a')}/8080`]: 'timed out' });
  // Its policies went with it; what runs in it has not ended yet.
  await enforce([fromB()], [addressSet('pods-b', [at('b')])]);
  await enforce([], [], [pod('a')]);
  await expectFlows({ [`b tcp/${at('a')}/8080`]: 'timed out', [`c tcp/${at('b')}/8080`]: 'b' });
});

test('rules that somebody else has flushed are made again, of services as well', async () => {
  await enforce([fromB()], [addressSet('pods-b', [at('b')])]);
  const areThere = async () => {
    const tables = (await lab.run('nft', ['list', 'tables'])).trim().split('\n');
    expect(tables.sort()).toEqual(['table inet berth-policy-policy', 'table ip berth-policy']);
  };
  await vi.waitFor(areThere, 10_000);
  await lab.run('nft', ['flush', 'ruleset']);
  await vi.waitFor(areThere, 10_000);
  await expectFlows({ [`b tcp/${webAddress}/80`]: 'a', [`c tcp/${at('a')}/8080`]: 'timed out' });
});

test('pods do not go round policies by IPv6', async () => {
  const [link] = JSON.parse(await lab.run('ip', ['-6', '-json', 'address', 'show', 'dev', 'eth0', 'scope', 'link'], { namespace: 'a' }));
  const question = `c tcp/${link.addr_info[0].local}%eth0/8080`;
  await lab.serveIpv6('a', 8080, 'a');
  await enforce([], []);
  await expectFlows({ [question]: 'a' });
  await enforce([policy('closed', 'a', { ingress: [] })], []);
  await expectFlows({ [question]: 'timed out' });
});
