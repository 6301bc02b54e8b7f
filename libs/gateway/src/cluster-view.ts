// What every node should have, kept from the informers' events: pods by node, what they refer to, and what all nodes share.
// A node's set is computed when it is asked for, from what is known then; `onDirty` says for whom that may have changed.

import {
  ConfigMap,
  EndpointSlice,
  isDiskDue,
  localVolumeFinalizer,
  Namespace,
  NetworkPolicy,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  podReferences,
  RuntimeClass,
  Secret,
  Service,
  type TokenRequest,
} from '@berth/api';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import type { DesiredKey, DesiredState, NodePeer } from '@berth/protocol';
import { ChangeLog, keyFor, keyText, RevisionCounter } from './change-log.ts';
import { NameServerView, type NameServerViewPorts } from './dns/name-server-view.ts';
import { DriverView, driverReferences } from './driver-view.ts';
import { HolderView } from './holder-view.ts';
import { IngressView } from './ingress-view.ts';
import { nodePeer } from './node-peer.ts';
import { nodeView } from './node-view.ts';
import { PolicyView } from './policies/policy-view.ts';
import { SnapshotView } from './snapshot-view.ts';
import type { Subscribe, SubscribeCustom } from './subscribe.ts';
import { nodesOf } from './volume-nodes.ts';

/** Finalizer of volumes that are in use. */
const volumeProtection = 'kubernetes.io/pv-protection';

/** Changes remembered for all nodes together, and for each node. */
const sharedChangesMax = 10_000;
const nodeChangesMax = 1000;

interface NodeDesired {
  log: ChangeLog;
  references: Set<string>;
  /** Something in it may have changed since it was computed. */
  stale: boolean;
}

export class ClusterView {
  readonly #counter: RevisionCounter;
  readonly #shared: ChangeLog;
  readonly #nodes = new Map<string, NodeDesired>();
  readonly #pods = new Map<string, Pod>();
  readonly #podsByNode = new Map<string, Set<string>>();
  readonly #nodeObjects = new Map<string, Node>();
  /** What each agent is sent of its own node. */
  readonly #nodeViews = new Map<string, Node>();
  /** What all agents are sent of each node. */
  readonly #peers = new Map<string, NodePeer>();
  /** ConfigMaps, Secrets, claims, volumes by key, and the nodes that refer to a key, whether it exists or not. */
  readonly #referable = new Map<string, KubeObject>();
  readonly #usersOf = new Map<string, Set<string>>();
  /** Those that a node has to make or to remove. */
  readonly #dueVolumes = new Map<string, Set<string>>();
  readonly #policies = new PolicyView({
    objectChanged: (key) => {
      for (const nodeName of this.#usersOf.get(keyText(key)) ?? []) this.#dirtySoon(nodeName);
    },
    nodeChanged: (nodeName) => this.#dirtySoon(nodeName),
  });
  readonly snapshots = new SnapshotView((nodeName) => this.#dirty(nodeName));
  readonly #drivers = new DriverView({
    referable: (object, gone) => this.#referableObject(object, gone),
    changed: (nodeName) => this.#dirty(nodeName),
  });
  readonly #holders = new HolderView((nodeName) => this.#dirty(nodeName));
  readonly #notify: (nodeName: string | undefined) => void;
  readonly #ingresses = new IngressView(
    (object, gone) => this.#sharedObject(object, gone),
    (key) => this.#referable.get(`Secret/${key}`) as Secret | undefined,
  );

  readonly #nameServers: NameServerView;

  /** @param epoch by chance, below 2^20; @param onDirty with undefined: every node; @param warn of a ConfigMap that cannot be followed */
  constructor(epoch: number, onDirty: (nodeName: string | undefined) => void, warn: NameServerViewPorts['warn']) {
    this.#nameServers = new NameServerView({ share: (object, gone) => this.#sharedObject(object, gone), warn });
    this.#counter = new RevisionCounter(epoch);
    this.#shared = new ChangeLog(this.#counter, sharedChangesMax);
    this.#notify = onDirty;
  }

  feed(subscribe: Subscribe, subscribeCustom: SubscribeCustom): void {
    subscribe(Pod, (pod, gone) => this.#pod(pod, gone));
    subscribe(Node, (node, gone) => this.#node(node, gone));
    subscribe(Namespace, (namespace, gone) => this.#policies.namespace(namespace, gone));
    subscribe(NetworkPolicy, (policy, gone) => this.#policies.policy(policy, gone));
    subscribe(Service, (service, gone) => this.#sharedObject(service, gone));
    subscribe(EndpointSlice, (slice, gone) => this.#sharedObject(slice, gone));
    for (const kind of [ConfigMap, Secret, PersistentVolumeClaim, RuntimeClass]) {
      subscribe(kind as KindDefinition<KubeObject>, (object, gone) => this.#referableObject(object, gone));
    }
    subscribe(PersistentVolume, (volume, gone) => this.#volume(volume, gone));
    this.#ingresses.feed(subscribe);
    this.#holders.feed(subscribe);
    this.#drivers.feed(subscribe);
    this.snapshots.feed(subscribeCustom);
    this.#nameServers.feed(subscribe);
  }

  pod(namespace: string, name: string): Pod | undefined {
    return this.#pods.get(`${namespace}/${name}`);
  }

  podsOf(nodeName: string): Pod[] {
    return [...(this.#podsByNode.get(nodeName) ?? [])].flatMap((key) => this.#pods.get(key) ?? []);
  }

  node(name: string): Node | undefined {
    return this.#nodeObjects.get(name);
  }

  nodes(): Iterable<Node> {
    return this.#nodeObjects.values();
  }

  volume(name: string): PersistentVolume | undefined {
    return this.#referable.get(keyText({ kind: 'PersistentVolume', namespace: '', name })) as PersistentVolume | undefined;
  }

  /** That storage drivers of the pod's volumes ask for. */
  driverTokens(pod: Pod): TokenRequest[] {
    return this.#drivers.tokens(pod, (key) => this.#referable.get(keyText(key)));
  }

  /**
   * Everything a node needs beyond `revision`: a delta where that revision is known, else all.
   * Undefined when there is nothing new.
   */
  desiredSince(nodeName: string, revision: number): DesiredState | undefined {
    const node = this.#refresh(nodeName);
    const known = this.#counter.knows(revision);
    const own = known ? node.log.since(revision) : undefined;
    const shared = known ? this.#shared.since(revision) : undefined;
    if (!own || !shared) {
      return { revision: this.#counter.last, full: true, objects: [...this.#shared.all(), ...node.log.all()], removed: [] };
    }
    const objects = [...shared.objects, ...own.objects];
    const removed = [...shared.removed, ...own.removed];
    if (objects.length === 0 && removed.length === 0) return undefined;
    return { revision: this.#counter.last, full: false, objects, removed };
  }

  #refresh(nodeName: string): NodeDesired {
    let node = this.#nodes.get(nodeName);
    if (!node) {
      node = { log: new ChangeLog(this.#counter, nodeChangesMax), references: new Set(), stale: true };
      this.#nodes.set(nodeName, node);
    }
    if (!node.stale) return node;
    node.stale = false;
    const objects = new Map<string, KubeObject>();
    const references = new Set<string>();
    const refer = (key: DesiredKey): KubeObject | undefined => {
      const text = keyText(key);
      references.add(text);
      const object = this.#referable.get(text);
      if (object) objects.set(text, object);
      return object;
    };
    const attachments = this.#drivers.attachments(nodeName);
    for (const own of [this.#nodeViews.get(nodeName), this.#holders.of(nodeName), ...this.snapshots.of(nodeName), ...attachments])
      if (own) objects.set(keyText(keyFor(own)), own);
    for (const podKey of this.#podsByNode.get(nodeName) ?? []) {
      const pod = this.#pods.get(podKey);
      if (!pod) continue;
      objects.set(keyText(keyFor(pod)), pod);
      for (const key of podReferences(pod)) {
        const object = refer(key);
        const volumeName =
          key.kind === 'PersistentVolumeClaim' ? (object as PersistentVolumeClaim | undefined)?.spec.volumeName : undefined;
        const volume = volumeName ? refer({ kind: 'PersistentVolume', namespace: '', name: volumeName }) : undefined;
        if (volume) for (const needed of driverReferences(volume as PersistentVolume)) refer(needed);
      }
    }
    for (const object of this.#policies.objectsFor(this.#podsByNode.get(nodeName) ?? [])) {
      const text = keyText(keyFor(object));
      references.add(text);
      objects.set(text, object);
    }
    for (const name of this.#dueVolumes.get(nodeName) ?? []) refer({ kind: 'PersistentVolume', namespace: '', name });
    this.#useReferences(nodeName, node, references);
    node.log.replace(objects);
    return node;
  }

  #dirty(nodeName: string): void {
    const node = this.#nodes.get(nodeName);
    if (node) node.stale = true;
    this.#notify(nodeName);
  }

  /** With other such changes: one pod's coming may concern the policies of every node. */
  #dirtySoon(nodeName: string): void {
    const node = this.#nodes.get(nodeName);
    if (!node || node.stale) return;
    node.stale = true;
    this.#notify(undefined);
  }

  #useReferences(nodeName: string, node: NodeDesired, references: Set<string>): void {
    for (const text of node.references) if (!references.has(text)) removeFrom(this.#usersOf, text, nodeName);
    for (const text of references) addTo(this.#usersOf, text, nodeName);
    node.references = references;
  }

  #pod(pod: Pod, gone: boolean): void {
    this.#policies.pod(pod, gone);
    const key = `${pod.metadata.namespace}/${pod.metadata.name}`;
    const before = this.#pods.get(key)?.spec.nodeName;
    const after = gone ? undefined : pod.spec.nodeName;
    if (gone) this.#pods.delete(key);
    else this.#pods.set(key, pod);
    if (before && before !== after) {
      removeFrom(this.#podsByNode, before, key);
      this.#dirty(before);
    }
    if (!after) return;
    addTo(this.#podsByNode, after, key);
    this.#dirty(after);
  }

  #node(node: Node, gone: boolean): void {
    const { name } = node.metadata;
    this.#peer(node, gone);
    if (!gone) {
      this.#nodeObjects.set(name, node);
      const before = this.#nodeViews.get(name);
      const view = nodeView(node, before);
      this.#nodeViews.set(name, view);
      if (view !== before) this.#dirty(name);
      return;
    }
    this.#nodeObjects.delete(name);
    this.#nodeViews.delete(name);
    const desired = this.#nodes.get(name);
    if (desired) this.#useReferences(name, desired, new Set());
    this.#nodes.delete(name);
  }

  #peer(node: Node, gone: boolean): void {
    const { name } = node.metadata;
    const before = this.#peers.get(name);
    const peer = gone ? undefined : nodePeer(node, before);
    if (peer === before) return;
    if (peer) this.#peers.set(name, peer);
    else this.#peers.delete(name);
    const object = peer ?? before;
    if (object) this.#sharedObject(object, peer === undefined);
  }

  #sharedObject(object: KubeObject, gone: boolean): void {
    const changed = gone ? this.#shared.remove(keyFor(object)) : this.#shared.set(object);
    if (changed) this.#notify(undefined);
  }

  #referableObject(object: KubeObject, gone: boolean): void {
    const text = keyText(keyFor(object));
    if (gone) this.#referable.delete(text);
    else this.#referable.set(text, object);
    for (const nodeName of this.#usersOf.get(text) ?? []) this.#dirty(nodeName);
  }

  #volume(volume: PersistentVolume, gone: boolean): void {
    const { name, deletionTimestamp, finalizers } = volume.metadata;
    const isDeleted = !gone && deletionTimestamp !== undefined && finalizers?.includes(localVolumeFinalizer);
    // A volume that is still bound, or whose data is to be retained, may be deleted by hand: its directory stays.
    const isKept = finalizers?.includes(volumeProtection) || volume.spec.persistentVolumeReclaimPolicy === 'Retain';
    const isWanted = !gone && deletionTimestamp === undefined && isDiskDue(volume);
    const isDue = isWanted || (isDeleted && !isKept);
    for (const nodeName of nodesOf(volume)) {
      if (isDue) addTo(this.#dueVolumes, nodeName, name);
      else removeFrom(this.#dueVolumes, nodeName, name);
      this.#dirty(nodeName);
    }
    this.#referableObject(volume, gone);
  }
}

function addTo(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key);
  if (set) set.add(value);
  else sets.set(key, new Set([value]));
}

function removeFrom(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key);
  set?.delete(value);
  if (set?.size === 0) sets.delete(key);
}
