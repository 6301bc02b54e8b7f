// Nodes and pods for this library's tests, in few words.
import type { Node, Pod, PodSpec } from '@berth/api';
import { type PodFacts, podFacts } from './pod-facts.ts';
import { type Decision, schedule } from './schedule.ts';
import { Snapshot } from './snapshot.ts';

export interface NodeParts {
  labels?: Record<string, string>;
  spec?: Node['spec'];
  allocatable?: Record<string, string>;
  images?: { names: string[]; sizeBytes: number }[];
}

export function testNode(name: string, { labels, spec, allocatable, images }: NodeParts = {}): Node {
  const amounts = { cpu: '4', memory: '8Gi', pods: '110', ...allocatable };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: spec ?? {},
    status: { allocatable: amounts, ...(images && { images }) },
  };
}

export interface PodParts {
  namespace?: string;
  labels?: Record<string, string>;
  spec?: Partial<PodSpec>;
  requests?: Record<string, string>;
  /** Uid of its controller. */
  owner?: string;
}

export function testPod(name: string, { namespace = 'default', labels = {}, spec, requests = {}, owner }: PodParts = {}): Pod {
  const ownerReferences = owner ? [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }] : [];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid: `uid-${namespace}-${name}`, labels, ownerReferences },
    spec: { containers: [{ name: 'main', image: 'registry.local/web:1', resources: { requests } }], ...spec },
  };
}

export function testFacts(name: string, parts: PodParts = {}): PodFacts {
  return podFacts(testPod(name, parts));
}

export function testSnapshot(...nodes: Node[]): Snapshot {
  const snapshot = new Snapshot();
  for (const node of nodes) snapshot.updateNode(node);
  return snapshot;
}

/** Decides with the first of equals. */
export function decide(pod: Pod | PodFacts, snapshot: Snapshot): Decision {
  return schedule('shape' in pod ? (pod as PodFacts) : podFacts(pod as Pod), snapshot, () => 0);
}

/** The reasons of a decision, without what preemption says of them. */
export function refusal(pod: Pod | PodFacts, snapshot: Snapshot): string {
  return decide(pod, snapshot).message.split(' preemption:')[0] ?? '';
}
