import { Node, Service } from '@berth/api';
import type { Action } from '@berth/controller';
import { describe, expect, test } from 'vitest';
import { type ObservedBalancers, planBalancers } from './load-balancer.ts';
import { startTestCluster } from './testing.ts';

function node(
  name: string,
  address: string,
  { ready = true, labels = {}, external }: Partial<{ ready: boolean; labels: object; external: string }> = {},
): Node {
  const addresses = [{ type: 'InternalIP', address }, ...(external ? [{ type: 'ExternalIP', address: external }] : [])];
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { ...labels } },
    spec: {},
    status: { addresses, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

function service(name: string, spec: Partial<Service['spec']> = {}, more: Partial<Service> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', uid: name, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { type: 'LoadBalancer', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
    ...more,
  };
}

const nodes = [node('one', '192.0.2.1'), node('two', '192.0.2.2')];
const plan = (services: Service[], more: Partial<ObservedBalancers> = {}) =>
  planBalancers({ services, nodes, nodesWithEndpoints: new Map(), ...more }, Date.UTC(2026, 0, 2));
/** What each service's status becomes. */
const statuses = (actions: Action[]) =>
  Object.fromEntries(
    actions.flatMap((action) =>
      action.type === 'updateStatus'
        ? [[action.object.metadata.name, (action.object as Service).status?.loadBalancer?.ingress?.map(({ ip }) => ip)]]
        : [],
    ),
  );

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
  expect(actions.flatMap((action) => (action.type === 'event' ? [action.event.message] : []))).toEqual([message]);
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
