import type { NodePeer } from '@berth/protocol';
import { describe, expect, test } from 'vitest';
import { planPodRoutes, routeCommands, tunnelHardwareAddress, tunnelNetworkId } from './pod-routes-plan.ts';

function peer(name: string, address: string, podCIDR: string): NodePeer {
  return { apiVersion: 'berth.io/v1', kind: 'NodePeer', metadata: { name }, spec: { address, podCIDR } };
}

const addresses = [
  { device: 'eth0', address: '10.0.1.5', prefixLength: 24, mtu: 1500 },
  { device: 'eth1', address: '172.16.9.5', prefixLength: 28, mtu: 9000 },
];
const here = peer('here', '10.0.1.5', '10.244.0.0/24');
const plan = (peers: NodePeer[], mode: 'auto' | 'routes' | 'vxlan' = 'auto') =>
  planPodRoutes({ nodeName: 'here', peers: [here, ...peers], addresses, mode });

describe('pods of another node are reached', () => {
  test.each([
    ['by a route over the network that both are on', '10.0.1.77', { device: 'eth0' }],
    ['over the further network of this node', '172.16.9.14', { device: 'eth1' }],
    ['by the tunnel just outside of it', '172.16.9.16', {}],
    ['by the tunnel where routers lie between', '10.0.2.5', {}],
  ])('%s', (_, address, way) => {
    expect(plan([peer('there', address, '10.244.1.0/24')])).toEqual({
      routes: [{ podCidr: '10.244.1.0/24', address, ...way }],
      unreachable: [],
    });
  });

  test('by the tunnel only, and by routes only, where that is asked for', () => {
    const peers = [peer('near', '10.0.1.77', '10.244.1.0/24'), peer('far', '10.0.2.5', '10.244.2.0/24')];
    expect(plan(peers, 'vxlan').routes.map(({ device }) => device)).toEqual([undefined, undefined]);
    expect(plan(peers, 'routes')).toMatchObject({ routes: [{ podCidr: '10.244.1.0/24' }], unreachable: ['far (10.0.2.5)'] });
  });

  test('without anything where it shares this machine’s addresses', () => {
    expect(plan([peer('beside', '172.16.9.5', '10.244.3.0/24')])).toEqual({ routes: [], unreachable: [] });
  });
});

test('the order of peers makes no difference', () => {
  const peers = [peer('b', '10.0.1.8', '10.244.2.0/24'), peer('a', '10.0.1.7', '10.244.1.0/24')];
  expect(plan(peers)).toEqual(plan([...peers].reverse()));
});

test('both ends of a tunnel know each other’s hardware address from the range alone', () => {
  expect(tunnelHardwareAddress('10.244.17.0/24')).toBe('0a:58:0a:f4:11:00');
  const { ip, bridge } = routeCommands([{ podCidr: '10.244.17.0/24', address: '10.0.2.5' }], 'brthx0');
  expect(bridge).toEqual(['fdb replace 0a:58:0a:f4:11:00 dev brthx0 dst 10.0.2.5 self permanent']);
  expect(ip).toEqual([
    'neigh replace 10.244.17.0 lladdr 0a:58:0a:f4:11:00 dev brthx0 nud permanent',
    'route replace 10.244.17.0/24 via 10.244.17.0 dev brthx0 onlink',
  ]);
});

test('clusters on one network have tunnels of their own', () => {
  const ids = ['10.96.0.0/16', '10.97.0.0/16'].map(tunnelNetworkId);
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) expect(id).toBeLessThan(2 ** 24);
});
