import { Node, Service } from '@berth/api';
import type { Action } from '@berth/controller';
import { describe, expect, test } from 'vitest';
import { startTestCluster } from '../testing.ts';
import { type ObservedBalancers, planBalancers } from './controller.ts';
import { events, flat, node, service, statuses } from './testing.ts';

const nodes = [node('one', '192.0.2.1'), node('two', '192.0.2.2')];
const now = Date.UTC(2026, 0, 2);
const plan = (services: Service[], more: Partial<ObservedBalancers> = {}) =>
  flat(planBalancers({ services, nodes, nodesWithEndpoints: new Map(), holders: undefined, ...more }, undefined, new Map(), now));

describe('a service of type LoadBalancer is reached under', () => {
  test('the addresses of all nodes, and a plan that is carried out has no more to do', () => {
    const [action] = plan([service('web')]);
    expect(statuses(action ? [action] : [])).toEqual({ web: ['192.0.2.1', '192.0.2.2'] });
    expect(plan([(action as Extract<Action, { type: 'updateStatus' }>).object as Service])).toEqual([]);
  });

  test('external addresses where nodes have them, and not those of nodes that are not ready or left out', () => {
    const label = { 'node.kubernetes.io/exclude-from-external-load-balancers': '' };
    const some = [
      node('a', '192.0.2.1', { external: '198.51.100.1' }),
      node('b', '192.0.2.2', { ready: false }),
      node('c', '192.0.2.3', { labels: label }),
    ];
    expect(statuses(plan([service('web')], { nodes: some }))).toEqual({ web: ['198.51.100.1'] });
  });

  test('those of nodes with endpoints, where its traffic is to stay on a node', () => {
    const local = service('web', { externalTrafficPolicy: 'Local' });
    expect(statuses(plan([local], { nodesWithEndpoints: new Map([['default/web', new Set(['two'])]]) }))).toEqual({ web: ['192.0.2.2'] });
  });

  test('the one that it asks for, if a node has it', () => {
    expect(statuses(plan([service('web', { loadBalancerIP: '192.0.2.2' })]))).toEqual({ web: ['192.0.2.2'] });
    expect(plan([service('web', { loadBalancerIP: '192.0.2.77' })])).toEqual([]);
  });

  test('nothing of ours, where another controller answers for its class', () => {
    expect(plan([service('web', { loadBalancerClass: 'example.com/internal' })])).toEqual([]);
    expect(statuses(plan([service('web', { loadBalancerClass: 'berth.io/nodes' })]))).toEqual({ web: ['192.0.2.1', '192.0.2.2'] });
  });
});

test('a port is that of the oldest that wants it; the other says so once, and gets it when it is free', () => {
  const newer = service('api');
  newer.metadata.creationTimestamp = '2026-01-01T00:00:01Z';
  const other = service('dns', { ports: [{ port: 80, protocol: 'UDP' }] });
  const actions = plan([newer, service('web'), other]);
  expect(statuses(actions)).toEqual({ web: ['192.0.2.1', '192.0.2.2'], dns: ['192.0.2.1', '192.0.2.2'], api: undefined });
  const message = 'port 80/TCP of the nodes is that of service default/web; give this one another port';
  expect(events(actions)).toEqual([`SyncLoadBalancerFailed: ${message}`]);
  const refused = actions
    .flatMap((action) => (action.type === 'updateStatus' ? [action.object as Service] : []))
    .find(({ metadata }) => metadata.name === 'api');
  expect(refused?.status?.conditions).toMatchObject([{ type: 'LoadBalancerPortsError', status: 'True', message }]);
  expect(statuses(plan(refused ? [refused, service('web')] : []))).toEqual({ web: ['192.0.2.1', '192.0.2.2'] });
  const [freed] = plan(refused ? [refused] : []);
  expect((freed as Extract<Action, { type: 'updateStatus' }>).object).toMatchObject({ status: { conditions: [] } });
});

test('in a cluster, addresses come with the type and go with it', async () => {
  const cluster = await startTestCluster();
  const { client, eventually } = cluster;
  try {
    const { status, ...one } = node('one', '192.0.2.1');
    await client.create(Node, one);
    await client.patch(Node, { name: 'one' }, 'merge', { status }, { subresource: 'status' });
    const { spec } = service('web');
    await client.create(Service, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default' }, spec });
    const key = { namespace: 'default', name: 'web' };
    const ingress = async () => (await client.get(Service, key)).status?.loadBalancer?.ingress ?? [];
    await eventually(async () => (await ingress())[0]?.ip === '192.0.2.1');
    await client.patch(Service, key, 'merge', { spec: { type: 'ClusterIP' } });
    await eventually(async () => (await ingress()).length === 0);
  } finally {
    await cluster.stop();
  }
});
