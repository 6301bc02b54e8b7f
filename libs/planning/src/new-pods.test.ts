// Which pods are new, which go for them, and in which order they find room.
import type { DaemonSet, Deployment, Job, Node, Pod, ReplicaSet, StatefulSet } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import { podFacts, Snapshot } from '@berth/scheduling';
import { expect, test } from 'vitest';
import type { ClusterState } from './cluster-state.ts';
import { landings } from './landing.ts';
import { newPods, type PodDemand } from './new-pods.ts';
import { QuotaRoom } from './quota-room.ts';

const template = (cpu: string) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'main', image: 'x', resources: { requests: { cpu } } }] },
});
const metadata = { name: 'web', namespace: 'shop', uid: 'web' };
const deployment = (replicas: number, cpu: string, more: Partial<Deployment['spec']> = {}): Deployment => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata },
  spec: { replicas, selector: {}, template: template(cpu), ...more },
});
const owned = (kind: string, uid: string) => [{ apiVersion: 'apps/v1', kind, name: uid, uid, controller: true }];
const set: ReplicaSet = {
  ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet' },
  metadata: { name: 'web-1', namespace: 'shop', uid: 'web-1', ownerReferences: owned('Deployment', 'web') },
  spec: { selector: {}, template: { ...template('1'), metadata: { labels: { app: 'web', 'pod-template-hash': '1' } } } },
};
const running = (name: string, owner: string, nodeName: string): Pod => ({
  ...{ apiVersion: 'v1', kind: 'Pod' },
  metadata: { name, namespace: 'shop', uid: name, labels: { app: 'web' }, ownerReferences: owned('ReplicaSet', owner) },
  spec: { ...template('1').spec, nodeName },
});
const node = (name: string, cpu: string, spec: Node['spec'] = {}): Node => ({
  ...{ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: {} } },
  ...{ spec, status: { allocatable: { cpu, memory: '4Gi', pods: '10' } } },
});
const state = (more: Partial<ClusterState> = {}): ClusterState => ({
  pods: [],
  nodes: [],
  replicaSets: [],
  quotas: [],
  classes: [],
  unread: [],
  ...more,
});
const of = (after: KubeObject, before: KubeObject | undefined, cluster: Partial<ClusterState> = {}) =>
  newPods({ title: `${after.kind} shop/web`, before, after }, state(cluster));

function snapshotOf({ nodes = [], pods = [] }: Partial<ClusterState>): Snapshot {
  const snapshot = new Snapshot();
  for (const one of nodes) snapshot.updateNode(one);
  for (const one of pods) snapshot.addPod(podFacts(one), one.spec.nodeName ?? '');
  return snapshot;
}

function landed(demands: PodDemand[], cluster: Partial<ClusterState>, room = new QuotaRoom([])): (string | undefined)[] {
  const found = landings(demands, { snapshot: snapshotOf(cluster), random: () => 0, room: () => room });
  return found.map(({ node, isRefused }) => node ?? (isRefused ? 'refused' : 'waits'));
}

test('of a Deployment: all that is new, what it is scaled up by, and all again when its template changes', () => {
  const pods = [running('a', 'web-1', 'n1'), running('b', 'web-1', 'n1')];
  const cluster = { pods, replicaSets: [set] };
  expect(of(deployment(3, '1'), undefined)).toMatchObject([{ count: 3, leaving: [] }]);
  expect(of(deployment(5, '1'), deployment(2, '1'), cluster)).toMatchObject([
    { count: 3, leaving: [], pod: { metadata: { labels: { 'pod-template-hash': '1' } } } },
  ]);
  expect(of(deployment(1, '1'), deployment(2, '1'), cluster)).toEqual([]);
  expect(of(deployment(2, '2'), deployment(2, '1'), cluster)).toMatchObject([
    { count: 2, leaving: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }] },
  ]);
  expect(of(deployment(2, '2', { paused: true }), deployment(2, '1'), cluster)).toEqual([]);
});

test('a rollout finds room as its old pods go: all the same where a new one fits first, not where none may be too many', () => {
  const pods = [running('a', 'web-1', 'n1'), running('b', 'web-1', 'n1')];
  const cluster = { pods, replicaSets: [set], nodes: [node('n1', '2')] };
  const rolled = (strategy: Deployment['spec']['strategy']) =>
    landed(of(deployment(2, '1500m', { strategy }), deployment(2, '1'), cluster), cluster);
  // One of 1500m beside one of 1000m is too much.
  expect(rolled({ rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } })).toEqual(['waits', 'waits']);
  expect(rolled({ rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } })).toEqual(['waits', 'waits']);
  expect(rolled({ type: 'Recreate' })).toEqual(['n1', 'waits']);
  const [, second] = landings(of(deployment(2, '1500m'), deployment(2, '1'), cluster), {
    snapshot: snapshotOf(cluster),
    random: () => 0,
    room: () => new QuotaRoom([]),
  });
  expect(second?.message).toMatch('the rollout stops there');
  const roomy = { ...cluster, nodes: [node('n1', '4')] };
  expect(landed(of(deployment(2, '1500m'), deployment(2, '1'), roomy), roomy)).toEqual(['n1', 'n1']);
});

test('sets with names, sets of nodes, jobs, and single pods', () => {
  const stateful: StatefulSet = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata,
    spec: { replicas: 2, selector: {}, template: template('1') } as StatefulSet['spec'],
  };
  expect(of(stateful, undefined)).toMatchObject([{ names: ['web-0', 'web-1'], count: 2 }]);
  const more = { ...stateful, spec: { ...stateful.spec, replicas: 3 } };
  const own = [running('web-0', 'web', 'n1'), running('web-1', 'web', 'n1')];
  expect(of(more, stateful, { pods: own })).toMatchObject([{ names: ['web-2'], leaving: [] }]);
  const other = { ...stateful, spec: { ...stateful.spec, template: template('2') } };
  expect(of(other, stateful, { pods: own })).toMatchObject([{ names: ['web-1', 'web-0'], leaving: [{ metadata: { name: 'web-1' } }, {}] }]);
  const daemons: DaemonSet = { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec: { selector: {}, template: template('1') } };
  const nodes = [
    node('n1', '2'),
    node('n2', '2', { taints: [{ key: 'k', effect: 'NoSchedule' }] }),
    node('n3', '2', { unschedulable: true }),
  ];
  const demands = of(daemons, undefined, { nodes });
  expect(demands).toMatchObject([{ nodes: ['n1', 'n3'] }]);
  expect(landed(demands, { nodes })).toEqual(['n1', 'n3']);
  const job: Job = { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { parallelism: 5, completions: 3, template: template('1') } };
  expect(of(job, undefined)).toMatchObject([{ count: 3 }]);
  expect(of(running('alone', 'x', ''), undefined)).toMatchObject([{ names: ['alone'] }]);
  expect(of({ apiVersion: 'v1', kind: 'ConfigMap', metadata }, undefined)).toEqual([]);
});

test('quotas count every pod, in what they ask for and what they may use', () => {
  const quota = (hard: Record<string, string>, used: Record<string, string> = {}) =>
    new QuotaRoom([
      { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q', namespace: 'shop' }, spec: { hard }, status: { used } },
    ]);
  const nodes = [node('n1', '9')];
  const demands = of(deployment(3, '600m'), undefined);
  expect(landed(demands, { nodes }, quota({ 'requests.cpu': '2' }, { 'requests.cpu': '500m' }))).toEqual(['n1', 'n1', 'refused']);
  expect(landed(demands, { nodes }, quota({ cpu: '1', pods: '5' }))).toEqual(['n1', 'refused', 'refused']);
  expect(landed(demands, { nodes }, quota({ 'limits.cpu': '1', configmaps: '0' }))).toEqual(['n1', 'n1', 'n1']);
  const room = quota({ pods: '1' });
  const [demand] = demands;
  expect(demand && room.take(demand.pod)).toBeUndefined();
  expect(demand && room.take(demand.pod)).toBe('exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1');
});
