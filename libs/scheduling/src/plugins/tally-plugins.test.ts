// What the plugins that look at other pods and at volumes refuse and prefer.
import type { PersistentVolume, PersistentVolumeClaim, PodAffinityTerm, StorageClass, TopologySpreadConstraint } from '@berth/api';
import { expect, test } from 'vitest';
import { decide, type PodParts, refusal, testFacts, testNode, testPod, testSnapshot } from '../test-cluster.ts';

const inZone = (name: string, zone: string) => testNode(name, { labels: { zone } });
const zones = () => testSnapshot(inZone('a1', 'a'), inZone('a2', 'a'), inZone('b1', 'b'));
const term = (app: string, more: Partial<PodAffinityTerm> = {}): PodAffinityTerm => ({
  labelSelector: { matchLabels: { app } },
  topologyKey: 'zone',
  ...more,
});
const required = (...terms: PodAffinityTerm[]) => ({ requiredDuringSchedulingIgnoredDuringExecution: terms });
const preferred = (one: PodAffinityTerm) => ({ preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 50, podAffinityTerm: one }] });
const near = (...terms: PodAffinityTerm[]): PodParts => ({ spec: { affinity: { podAffinity: required(...terms) } } });
const away = (...terms: PodAffinityTerm[]): PodParts => ({ spec: { affinity: { podAntiAffinity: required(...terms) } } });

test('required affinity: to pods of its domain, and to itself when it is the first', () => {
  const snapshot = zones();
  expect(refusal(testPod('p', near(term('db'))), snapshot)).toBe("0/3 nodes are available: 3 node(s) didn't match pod affinity rules.");
  expect(decide(testPod('db-0', { ...near(term('db')), labels: { app: 'db' } }), snapshot).feasibleCount).toBe(3);
  snapshot.addPod(testFacts('db', { labels: { app: 'db' } }), 'b1');
  expect(decide(testPod('p', near(term('db'))), snapshot)).toMatchObject({ nodeName: 'b1', feasibleCount: 1 });
  snapshot.removePod('uid-default-db');
  expect(decide(testPod('p', near(term('db'))), snapshot).feasibleCount).toBe(0);
});

test('affinity reaches other namespaces by name and by label', () => {
  const snapshot = zones();
  snapshot.addPod(testFacts('db', { namespace: 'data', labels: { app: 'db' } }), 'b1');
  expect(decide(testPod('p', near(term('db'))), snapshot).feasibleCount).toBe(0);
  expect(decide(testPod('p', near(term('db', { namespaces: ['data'] }))), snapshot).nodeName).toBe('b1');
  const labelled = testPod('p', near(term('db', { namespaceSelector: { matchLabels: { team: 'x' } } })));
  expect(decide(labelled, snapshot).feasibleCount).toBe(0);
  snapshot.setNamespace('data', { team: 'x' });
  expect(decide(labelled, snapshot).nodeName).toBe('b1');
});

test('required anti-affinity holds for the new pod and, the other way, for those there already', () => {
  const snapshot = zones();
  snapshot.addPod(testFacts('web', { ...away(term('batch')), labels: { app: 'web' } }), 'a1');
  expect(decide(testPod('p', away(term('web'))), snapshot)).toMatchObject({ nodeName: 'b1', feasibleCount: 1 });
  expect(decide(testPod('p', { labels: { app: 'batch' } }), snapshot)).toMatchObject({ nodeName: 'b1', feasibleCount: 1 });
  snapshot.addPod(testFacts('full', { requests: { cpu: '4' } }), 'b1');
  expect(refusal(testPod('p', { labels: { app: 'batch' }, requests: { cpu: '1' } }), snapshot)).toBe(
    "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy existing pods anti-affinity rules.",
  );
  expect(refusal(testPod('p', { ...away(term('web')), requests: { cpu: '1' } }), snapshot)).toBe(
    "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match pod anti-affinity rules.",
  );
});

test('preferred affinity and anti-affinity decide between nodes that will do', () => {
  const snapshot = zones();
  snapshot.addPod(testFacts('db', { labels: { app: 'db' } }), 'b1');
  expect(decide(testPod('p', { spec: { affinity: { podAffinity: preferred(term('db')) } } }), snapshot).nodeName).toBe('b1');
  const scores = decide(testPod('p', { spec: { affinity: { podAntiAffinity: preferred(term('db')) } } }), snapshot).scores;
  expect(Object.fromEntries(scores.map(({ node, plugins }) => [node, plugins.InterPodAffinity]))).toEqual({ a1: 100, a2: 100, b1: 0 });
});

const spread = (more: Partial<TopologySpreadConstraint> = {}): PodParts => ({
  labels: { app: 'web' },
  spec: {
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } }, ...more },
    ],
  },
});

test('spread constraints: the skew is kept, domains counted, unlabelled nodes refused', () => {
  const snapshot = zones();
  snapshot.addPod(testFacts('web-0', { labels: { app: 'web' } }), 'a1');
  expect(decide(testPod('p', spread()), snapshot)).toMatchObject({ nodeName: 'b1', feasibleCount: 1 });
  expect(decide(testPod('p', spread({ minDomains: 3 })), snapshot)).toMatchObject({ nodeName: 'b1', feasibleCount: 1 });
  snapshot.addPod(testFacts('web-1', { labels: { app: 'web' } }), 'b1');
  expect(decide(testPod('p', spread()), snapshot).feasibleCount).toBe(3);
  snapshot.updateNode(testNode('plain'));
  expect(refusal(testPod('p', spread({ minDomains: 3 })), snapshot)).toBe(
    "0/4 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label), " +
      "3 node(s) didn't match pod topology spread constraints.",
  );
});

test('spread constraints that are wishes, and the default for pods of one owner or service', () => {
  const snapshot = zones();
  snapshot.addPod(testFacts('web-0', { labels: { app: 'web' }, owner: 'rs' }), 'a1');
  expect(decide(testPod('p', spread({ whenUnsatisfiable: 'ScheduleAnyway' })), snapshot).nodeName).toBe('b1');
  const scoreOf = (parts: PodParts) =>
    Object.fromEntries(decide(testPod('p', parts), snapshot).scores.map(({ node, plugins }) => [node, plugins.PodTopologySpread]));
  const byOwner = scoreOf({ owner: 'rs' });
  expect(byOwner.a2).toBe(byOwner.b1);
  expect(byOwner.a1).toBeLessThan(byOwner.b1 ?? 0);
  expect(scoreOf({ labels: { app: 'web' } }).a1).toBeUndefined();
  snapshot.setService('default', 'web', { app: 'web' });
  expect(scoreOf({ labels: { app: 'web' } }).a1).toBeLessThan(scoreOf({ labels: { app: 'web' } }).b1 ?? 0);
});

const metadata = (name: string, namespace?: string) => ({ name, ...(namespace && { namespace }) });
const claim = (volumeName?: string): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: metadata('data', 'default'),
  spec: {
    storageClassName: 'local',
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
    ...(volumeName && { volumeName }),
  },
  status: { phase: volumeName ? 'Bound' : 'Pending' },
});
const storageClass = (volumeBindingMode: 'Immediate' | 'WaitForFirstConsumer', provisioner = 'berth.dev/local'): StorageClass => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: metadata('local'),
  provisioner,
  volumeBindingMode,
});
const volume = (zone: string): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: metadata('pv'),
  spec: {
    storageClassName: 'local',
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '1Gi' },
    nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: [zone] }] }] } },
  },
});

test('volumes: missing, unbound, waiting for a node, bound to some nodes', () => {
  const snapshot = zones();
  const { volumes } = snapshot;
  const pod = testPod('p', { spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] } });
  expect(decide(pod, snapshot).message).toBe(
    '0/3 nodes are available: persistentvolumeclaim "data" not found. ' +
      'preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
  );
  volumes.setClaim(claim());
  volumes.setClass(storageClass('Immediate'));
  expect(refusal(pod, snapshot)).toBe('0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.');
  volumes.setClass(storageClass('WaitForFirstConsumer'));
  expect(decide(pod, snapshot)).toMatchObject({ feasibleCount: 3, claims: ['default/data'] });
  volumes.setClass(storageClass('WaitForFirstConsumer', 'kubernetes.io/no-provisioner'));
  expect(refusal(pod, snapshot)).toBe("0/3 nodes are available: 3 node(s) didn't find available persistent volumes to bind.");
  volumes.setVolume(volume('b'));
  expect(decide(pod, snapshot)).toMatchObject({ nodeName: 'b1', feasibleCount: 1, claims: ['default/data'] });
  volumes.setClaim(claim('pv'));
  expect(decide(pod, snapshot)).toMatchObject({ nodeName: 'b1', feasibleCount: 1, claims: [] });
  volumes.setVolume(volume('c'));
  expect(refusal(pod, snapshot)).toBe("0/3 nodes are available: 3 node(s) didn't match PersistentVolume's node affinity.");
  volumes.removeVolume('pv');
  expect(refusal(pod, snapshot)).toContain('3 node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s).');
});
