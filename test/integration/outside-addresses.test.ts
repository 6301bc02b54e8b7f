// Services under addresses beside the cluster's: those of a load balancer, and those that they name themselves. In namespaces of a lab's own.
import type { EndpointSlice, Service } from '@berth/api';
import { expect, test, vi } from 'vitest';
import { NetworkLab, nodeAddress, outsideAddress } from './network-lab/lab.ts';

const [ownAddress, port] = ['203.0.113.9', 8_090];

const balanced: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'balanced', namespace: 'default' },
  spec: {
    ...{ type: 'LoadBalancer', clusterIP: '10.96.0.25', externalIPs: [ownAddress] },
    ports: [{ name: 'http', port, protocol: 'TCP' }],
  },
  status: { loadBalancer: { ingress: [{ ip: nodeAddress, ipMode: 'VIP' }] } },
};

function slice(addresses: string[]): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'balanced-x', namespace: 'default', labels: { 'kubernetes.io/service-name': 'balanced' } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}

test('addresses of a load balancer and of the service itself lead to it, at its ports only, for those who may', async () => {
  await using lab = await NetworkLab.create('out');
  const settings = { podCidr: '10.244.7.0/24', serviceCidr: '10.96.0.0/16', clusterDns: '10.96.0.10', clusterDomain: 'cluster.local' };
  await lab.call({ method: 'configure', settings });
  const addresses: string[] = [];
  for (const name of ['a', 'b']) {
    addresses.push(await lab.addPod(name));
    await lab.serve(name, 8080, name);
  }
  await lab.run('ip', ['route', 'add', ownAddress, 'via', nodeAddress], { namespace: 'outside' });
  const publish = async (sourceRanges: string[], endpoints: string[], expected: string) => {
    const spec = { ...balanced.spec, ...(sourceRanges.length > 0 && { loadBalancerSourceRanges: sourceRanges }) };
    await lab.call({
      method: 'sync',
      state: { services: [{ ...balanced, spec }], endpointSlices: [slice(endpoints)], pods: [], peers: [] },
    });
    await vi.waitFor(async () => expect(await lab.run('nft', ['list', 'ruleset'])).toContain(expected), { timeout: 10_000 });
  };
  const answering = async (from: string | undefined, host: string, at = port, count = 1) =>
    (await lab.ask(from, 'tcp', host, at, count)).map(({ reply, error }) => reply?.split(' ')[0] ?? error);
  const eventually = (host: string, answer: string) =>
    vi.waitFor(async () => expect(await answering('outside', host)).toEqual([answer]), { timeout: 20_000 });
  const served = expect.stringMatching(/^[ab]$/);

  await publish([], addresses, `${nodeAddress} . tcp . ${port}`);
  for (const from of ['outside', 'a', undefined]) {
    expect(await answering(from, nodeAddress, port, 2)).toEqual([served, served]);
    expect(await answering(from, ownAddress)).toEqual([served]);
  }
  expect(await answering('outside', nodeAddress, port + 1)).toEqual(['ECONNREFUSED']);

  await publish(['198.51.100.0/24', `${outsideAddress}/32`], addresses, `ip saddr ${outsideAddress} goto`);
  expect(await answering('outside', nodeAddress)).toEqual([served]);
  await publish(['198.51.100.0/24'], addresses, 'ip saddr 198.51.100.0/24 goto');
  await eventually(nodeAddress, 'timed out');
  // Nobody is kept from the addresses that the service names itself.
  expect(await answering('outside', ownAddress)).toEqual([served]);

  await publish([], [], 'set refused-outside-ports');
  await eventually(nodeAddress, 'ECONNREFUSED');
  await eventually(ownAddress, 'ECONNREFUSED');
});
