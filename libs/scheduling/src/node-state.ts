// A node with everything that is on it: what it can give, what its pods take, and which pods those are.
import type { Node, Taint } from '@berth/api';
import type { HostPort, PodFacts } from './pod-facts.ts';
import { addTo, type Resources, resourcesFrom } from './resources.ts';

const noLabels: Record<string, string> = {};

export class NodeState {
  readonly name: string;
  /** Its place in the snapshot's arrays. */
  readonly slot: number;
  /** Absent while only pods speak of it; then nothing is scheduled to it. */
  node: Node | undefined;
  labels: Record<string, string> = noLabels;
  taints: Taint[] = [];
  allocatable: Resources = new Map();
  podsMax = 0;
  readonly requested: Resources = new Map();
  readonly scoredRequested: Resources = new Map();
  readonly pods = new Map<string, PodFacts>();
  /** Those of `pods` that other pods have to respect, or like to. */
  readonly podsWithAffinity = new Map<string, PodFacts>();
  readonly hostPorts: HostPort[] = [];
  /** Bytes by image name. */
  images = new Map<string, number>();

  constructor(name: string, slot: number) {
    this.name = name;
    this.slot = slot;
  }

  /** Returns false when nothing that matters here is different. */
  describe(node: Node): boolean {
    const old = this.node;
    this.node = node;
    if (old && !differs(old, node)) return false;
    this.labels = node.metadata.labels ?? noLabels;
    this.taints = node.spec?.taints ?? [];
    this.allocatable = resourcesFrom(node.status?.allocatable);
    this.podsMax = this.allocatable.get('pods') ?? 0;
    this.images = new Map(
      (node.status?.images ?? []).flatMap(({ names, sizeBytes }) => (names ?? []).map((name) => [name, sizeBytes ?? 0])),
    );
    return true;
  }

  /** The same node with the same pods, to be changed by itself. */
  copy(): NodeState {
    const copy = new NodeState(this.name, this.slot);
    const { node, labels, taints, allocatable, podsMax, images } = this;
    Object.assign(copy, { node, labels, taints, allocatable, podsMax, images });
    addTo(copy.requested, this.requested);
    addTo(copy.scoredRequested, this.scoredRequested);
    for (const [uid, pod] of this.pods) copy.pods.set(uid, pod);
    for (const [uid, pod] of this.podsWithAffinity) copy.podsWithAffinity.set(uid, pod);
    copy.hostPorts.push(...this.hostPorts);
    return copy;
  }

  /** Takes in what is new of a pod and changes nothing that is counted here. */
  renew(pod: PodFacts): void {
    this.pods.set(pod.uid, pod);
    if (this.podsWithAffinity.has(pod.uid)) this.podsWithAffinity.set(pod.uid, pod);
  }

  add(pod: PodFacts): void {
    this.pods.set(pod.uid, pod);
    addTo(this.requested, pod.requests);
    addTo(this.scoredRequested, pod.scoredRequests);
    this.hostPorts.push(...pod.hostPorts);
    const { required, preferred, requiredAnti, preferredAnti } = pod.affinity;
    if (required.length + preferred.length + requiredAnti.length + preferredAnti.length > 0) this.podsWithAffinity.set(pod.uid, pod);
  }

  remove(pod: PodFacts): void {
    if (!this.pods.delete(pod.uid)) return;
    this.podsWithAffinity.delete(pod.uid);
    addTo(this.requested, pod.requests, -1);
    addTo(this.scoredRequested, pod.scoredRequests, -1);
    for (const port of pod.hostPorts) this.hostPorts.splice(this.hostPorts.indexOf(port), 1);
  }
}

/** Heartbeats change a node every few seconds, but not what scheduling reads of it. */
function differs(old: Node, node: Node): boolean {
  return relevant(old) !== relevant(node);
}

function relevant({ metadata, spec, status }: Node): string {
  return JSON.stringify([metadata.labels, spec?.taints, spec?.unschedulable, status?.allocatable, status?.images]);
}
