// What the control plane wants of this node: the newest version of every object it sent, and who must look again when one
// changes.
import {
  type ConfigMap,
  type CSIDriver,
  type EndpointSlice,
  type Ingress,
  isDiskDue,
  type Node,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type RuntimeClass,
  type Secret,
  type Service,
  type VolumeAttachment,
} from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import type {
  AddressSet,
  DesiredState,
  DiskSnapshot,
  HeldAddresses,
  IngressCertificate,
  NameServers,
  NodePeer,
  PolicyRules,
} from '@berth/protocol';

export interface DesiredChanges {
  pods: Pod[];
  removedPods: Pod[];
  /** Namespaces in which something changed that pods refer to. */
  touchedNamespaces: Set<string>;
  /** Services, where they end, where other nodes' pods are, what this node announces, what is allowed between pods, or whom its name server asks. */
  networkChanged: boolean;
  /** Ingresses, their certificates, or where they lead. */
  ingressChanged: boolean;
  nodeChanged: boolean;
  releasedVolumes: PersistentVolume[];
  /** Whose files are to be made here. */
  wantedVolumes: PersistentVolume[];
  /** To be taken or removed here. */
  snapshots: DiskSnapshot[];
}

const referred = new Set(['ConfigMap', 'Secret', 'PersistentVolumeClaim']);
const ofVolumes = new Set(['PersistentVolume', 'CSIDriver', 'VolumeAttachment', 'Node']);
const networked = new Set(['Service', 'EndpointSlice', 'NodePeer', 'PolicyRules', 'AddressSet', 'HeldAddresses', 'NameServers']);
const routed = new Set(['Ingress', 'IngressCertificate', 'Service', 'EndpointSlice']);

export class DesiredCache {
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  /** Of each kind, the same list until one of it changes: who follows many objects sees by it that there is nothing to look at. */
  readonly #lists = new Map<string, KubeObject[]>();
  #revision = 0;

  /** The newest revision applied in full. */
  get revision(): number {
    return this.#revision;
  }

  apply(state: DesiredState): DesiredChanges {
    const changes: DesiredChanges = {
      pods: [],
      removedPods: [],
      touchedNamespaces: new Set(),
      networkChanged: false,
      ingressChanged: false,
      nodeChanged: false,
      releasedVolumes: [],
      wantedVolumes: [],
      snapshots: [],
    };
    const seen = new Set<string>();
    for (const object of state.objects) {
      const key = keyIn(object.metadata.namespace, object.metadata.name);
      seen.add(`${object.kind}/${key}`);
      const before = this.#of(object.kind).get(key);
      if (before?.metadata.resourceVersion === object.metadata.resourceVersion && before?.metadata.uid === object.metadata.uid) continue;
      // The same name with another uid is another pod: the old one goes first.
      if (object.kind === 'Pod' && before && before.metadata.uid !== object.metadata.uid) changes.removedPods.push(before as Pod);
      this.#of(object.kind).set(key, object);
      this.#lists.delete(object.kind);
      note(changes, object);
      if (object.kind === 'Pod') changes.pods.push(object as Pod);
      if (object.kind === 'DiskSnapshot') changes.snapshots.push(object as DiskSnapshot);
      if (object.kind === 'PersistentVolume') noteVolume(changes, object as PersistentVolume);
    }
    for (const { kind, namespace, name } of state.removed) this.#remove(kind, keyIn(namespace, name), changes);
    if (state.full) {
      for (const [kind, objects] of this.#objects)
        for (const key of [...objects.keys()]) if (!seen.has(`${kind}/${key}`)) this.#remove(kind, key, changes);
    }
    this.#revision = state.revision;
    return changes;
  }

  pods(): Pod[] {
    return this.#list('Pod') as Pod[];
  }

  pod(namespace: string, name: string): Pod | undefined {
    return this.#of('Pod').get(keyIn(namespace, name)) as Pod | undefined;
  }

  configMap(namespace: string, name: string): ConfigMap | undefined {
    return this.#of('ConfigMap').get(keyIn(namespace, name)) as ConfigMap | undefined;
  }

  secret(namespace: string, name: string): Secret | undefined {
    return this.#of('Secret').get(keyIn(namespace, name)) as Secret | undefined;
  }

  claim(namespace: string, name: string): PersistentVolumeClaim | undefined {
    return this.#of('PersistentVolumeClaim').get(keyIn(namespace, name)) as PersistentVolumeClaim | undefined;
  }

  persistentVolume(name: string): PersistentVolume | undefined {
    return this.#of('PersistentVolume').get(name) as PersistentVolume | undefined;
  }

  csiDriver(name: string): CSIDriver | undefined {
    return this.#of('CSIDriver').get(name) as CSIDriver | undefined;
  }

  volumeAttachment(name: string): VolumeAttachment | undefined {
    return this.#of('VolumeAttachment').get(name) as VolumeAttachment | undefined;
  }

  runtimeClass(name: string): RuntimeClass | undefined {
    return this.#of('RuntimeClass').get(name) as RuntimeClass | undefined;
  }

  /** This one, as far as admission needs it. */
  node(): Node | undefined {
    const [node] = this.#of('Node').values();
    return node as Node | undefined;
  }

  services(): Service[] {
    return this.#list('Service') as Service[];
  }

  endpointSlices(): EndpointSlice[] {
    return this.#list('EndpointSlice') as EndpointSlice[];
  }

  ingresses(): Ingress[] {
    return this.#list('Ingress') as Ingress[];
  }

  certificates(): IngressCertificate[] {
    return this.#list('IngressCertificate') as IngressCertificate[];
  }

  /** This node's own among them. */
  peers(): NodePeer[] {
    return this.#list('NodePeer') as NodePeer[];
  }

  /** Of load balancers: this node announces them. */
  heldAddresses(): string[] {
    const held = this.#list('HeldAddresses') as HeldAddresses[];
    return held.flatMap(({ spec }) => spec.addresses);
  }

  /** Whom the node's name server asks for names elsewhere. */
  nameServers(): NameServers | undefined {
    return this.#list('NameServers')[0] as NameServers | undefined;
  }

  policies(): PolicyRules[] {
    return this.#list('PolicyRules') as PolicyRules[];
  }

  addressSets(): AddressSet[] {
    return this.#list('AddressSet') as AddressSet[];
  }

  #remove(kind: string, key: string, changes: DesiredChanges): void {
    const before = this.#of(kind).get(key);
    if (!before) return;
    this.#of(kind).delete(key);
    this.#lists.delete(kind);
    note(changes, before);
    if (kind === 'Pod') changes.removedPods.push(before as Pod);
  }

  #list(kind: string): KubeObject[] {
    const known = this.#lists.get(kind);
    if (known) return known;
    const fresh = [...this.#of(kind).values()];
    this.#lists.set(kind, fresh);
    return fresh;
  }

  #of(kind: string): Map<string, KubeObject> {
    const known = this.#objects.get(kind);
    if (known) return known;
    const fresh = new Map<string, KubeObject>();
    this.#objects.set(kind, fresh);
    return fresh;
  }
}

function keyIn(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name;
}

function note(changes: DesiredChanges, object: KubeObject): void {
  if (referred.has(object.kind)) changes.touchedNamespaces.add(object.metadata.namespace ?? '');
  // They belong to no namespace; any pod's volumes may wait for them.
  if (ofVolumes.has(object.kind)) changes.touchedNamespaces.add('*');
  if (object.kind === 'Node') changes.nodeChanged = true;
  if (networked.has(object.kind)) changes.networkChanged = true;
  if (routed.has(object.kind)) changes.ingressChanged = true;
}

function noteVolume(changes: DesiredChanges, volume: PersistentVolume): void {
  if (isReleased(volume)) changes.releasedVolumes.push(volume);
  else if (!volume.metadata.deletionTimestamp && isDiskDue(volume)) changes.wantedVolumes.push(volume);
}

/** Deleted by hand while it is still bound, or to be retained, it keeps its directory. */
function isReleased({ metadata, spec }: PersistentVolume): boolean {
  if (!metadata.deletionTimestamp || metadata.finalizers?.includes('kubernetes.io/pv-protection')) return false;
  return spec.persistentVolumeReclaimPolicy !== 'Retain';
}
