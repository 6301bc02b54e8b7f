// Finds or makes a volume for each claim, and ties the two together: the volume first, so that no two claims think they
// have the same one.
import {
  CSIStorageCapacity,
  diskRefusalAnnotation,
  localDisk,
  localProvisioner,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
} from '@berth/api';
import { type Action, type Caches, type Controller, erased, watches } from '@berth/controller';
import { keyOf } from '@berth/machinery';
import { admitsTopology } from '@berth/scheduling';
import { bind, isBound, phase } from './binding.ts';
import { type ClaimSource, claimSource, cloneSourceOf, type NoSource, snapshotSourceOf } from './claim-source.ts';
import { planExpansion } from './expansion.ts';
import { hasRoom, hostnameOfNode, localVolume, nodeForImmediate, provisioningProblem } from './local-provisioner.ts';
import { bestVolume, bindCompleted, classOf, isMeantFor, mismatch, selectedNode, waitsForConsumer } from './matching.ts';
import { isSnapshotKind } from './snapshots/snapshot-caches.ts';

const unboundIndex = 'unbound-by-class';
const classIndex = 'class';
const provisionerAnnotation = 'volume.kubernetes.io/storage-provisioner';
const betaProvisionerAnnotation = 'volume.beta.kubernetes.io/storage-provisioner';
/** Unbound claims by the claim or snapshot that they begin with. */
const sourceIndex = 'source';
/** A claim that waits for no pod, and so has no scheduler that would try another node, is tried again so long after a refusal. */
const refusedMs = 15_000;

export interface ObservedClaim {
  claim: PersistentVolumeClaim;
  storageClass: StorageClass | undefined;
  /** Of the claim's class. */
  volumes: PersistentVolume[];
  /** The one that the claim names. */
  named: PersistentVolume | undefined;
  nodes: Node[];
  /** Of the claim's class. */
  capacities: CSIStorageCapacity[];
  /** What its volume begins with; undefined: nothing. */
  source?: ClaimSource | NoSource | undefined;
}

export const claimController: Controller<ObservedClaim> = {
  name: 'persistentvolume-controller',
  owns: ['PersistentVolumeClaim.status', 'PersistentVolumeClaim.spec.volumeName', 'PersistentVolume.spec.claimRef'],
  writes: ['persistentvolumeclaims', 'persistentvolumeclaims/status', 'persistentvolumes'],
  reads: [erased(Node)],
  watches: [
    watches(PersistentVolumeClaim, (claim, caches) => [keyOf(claim), ...beginningWith(caches, `claim ${keyOf(claim)}`)]),
    watches(PersistentVolume, claimsOf),
    watches(StorageClass, ({ metadata }, caches) => unbound(caches, metadata.name)),
    // Those that wait for room rather than for a pod.
    watches(CSIStorageCapacity, ({ storageClassName }, caches) => unbound(caches, storageClassName)),
  ],
  watchesCustom: (kind) =>
    watches(kind, (object, caches) => (isSnapshotKind(kind, 'VolumeSnapshot') ? beginningWith(caches, `snapshot ${keyOf(object)}`) : [])),
  prepare(caches) {
    caches.of(PersistentVolumeClaim).addIndex(sourceIndex, sourcesOf);
    caches.of(PersistentVolumeClaim).addIndex(unboundIndex, (claim) => (isBound(claim) ? [] : [classOf(claim)]));
    caches.of(PersistentVolume).addIndex(classIndex, (volume) => [classOf(volume)]);
    caches.of(CSIStorageCapacity).addIndex(classIndex, ({ storageClassName }) => [storageClassName]);
    caches.of(Node);
  },
  observe(key, caches) {
    const claim = caches.of(PersistentVolumeClaim).get(key);
    if (!claim || claim.metadata.deletionTimestamp) return undefined;
    const className = classOf(claim);
    return {
      claim,
      storageClass: caches.of(StorageClass).get(className),
      volumes: caches.of(PersistentVolume).byIndex(classIndex, className),
      named: claim.spec.volumeName ? caches.of(PersistentVolume).get(claim.spec.volumeName) : undefined,
      nodes: caches.of(Node).list(),
      capacities: caches.of(CSIStorageCapacity).byIndex(classIndex, className),
      source: isBound(claim) ? undefined : claimSource(claim, caches),
    };
  },
  plan: planClaim,
};

function claimsOf(volume: PersistentVolume, caches: Caches): string[] {
  const { claimRef } = volume.spec;
  if (claimRef?.name) return [keyOf({ metadata: { namespace: claimRef.namespace ?? '', name: claimRef.name } })];
  return unbound(caches, classOf(volume));
}

function unbound(caches: Caches, className: string): string[] {
  return caches
    .of(PersistentVolumeClaim)
    .byIndex(unboundIndex, className)
    .map((claim) => keyOf(claim));
}

function sourcesOf(claim: PersistentVolumeClaim): string[] {
  if (isBound(claim)) return [];
  const [snapshot, clone] = [snapshotSourceOf(claim), cloneSourceOf(claim)];
  const { namespace } = claim.metadata;
  if (snapshot !== undefined) return [`snapshot ${namespace}/${snapshot}`];
  return clone === undefined ? [] : [`claim ${namespace}/${clone}`];
}

function beginningWith(caches: Caches, source: string): string[] {
  return caches
    .of(PersistentVolumeClaim)
    .byIndex(sourceIndex, source)
    .map((claim) => keyOf(claim));
}

export function planClaim(observed: ObservedClaim, now: number): Action[] {
  const { claim, named } = observed;
  if (claim.metadata.annotations?.[bindCompleted]) return keepBound(claim, named, now);
  if (claim.spec.volumeName) return bindNamed(claim, named);
  return bindAny(observed, now);
}

function bindAny(observed: ObservedClaim, now: number): Action[] {
  const { claim, storageClass, volumes, nodes } = observed;
  // A volume that begins with something is made where that is, whatever pod comes.
  const isPlaced = observed.source !== undefined && storageClass?.provisioner === localProvisioner;
  const isWaiting = !isPlaced && waitsForConsumer(claim, storageClass);
  const nodeName = claim.metadata.annotations?.[selectedNode];
  const node = nodes.find(({ metadata }) => metadata.name === nodeName);
  const volume = isWaiting || isPlaced ? volumes.find((candidate) => isMeantFor(candidate, claim)) : bestVolume(claim, volumes, node);
  const pending = phase(claim, { phase: 'Pending' });
  if (volume) return provisioning(claim, volume, now, pending) ?? [...succeeded(claim, volume), ...bind(claim, volume)];
  if (isWaiting) {
    return [...pending, event(claim, 'Normal', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding')];
  }
  return [...pending, ...provision(observed, nodeName)];
}

/** What a claim does whose volume's node has not made it yet, or will not; undefined when it is there. */
function provisioning(claim: PersistentVolumeClaim, volume: PersistentVolume, now: number, pending: Action[]): Action[] | undefined {
  const state = localDisk(volume)?.state;
  if (state === undefined || (state === 'made' && !volume.metadata.deletionTimestamp)) return undefined;
  if (state !== 'refused' || volume.metadata.deletionTimestamp) return pending;
  const { uid = '', annotations = {}, creationTimestamp } = volume.metadata;
  const failed = event(
    claim,
    'Warning',
    'ProvisioningFailed',
    provisioningFailure(classOf(claim), annotations[diskRefusalAnnotation] ?? ''),
  );
  const isChosen = claim.metadata.annotations?.[selectedNode] !== undefined;
  const leftMs = Date.parse(creationTimestamp ?? '') + refusedMs - now;
  if (!isChosen && leftMs > 0) return [...pending, failed, { type: 'requeue', afterMs: leftMs }];
  return [...pending, failed, ...refuseNode(claim), { type: 'delete', kind: erased(PersistentVolume), key: volume.metadata, uid }];
}

function succeeded(claim: PersistentVolumeClaim, volume: PersistentVolume): Action[] {
  return localDisk(volume) ? [{ type: 'event', event: provisioned(claim, volume) }] : [];
}

function provisioned(claim: PersistentVolumeClaim, { metadata }: PersistentVolume) {
  return draft(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${metadata.name}`);
}

/** The scheduler gets the choice back. */
function refuseNode(claim: PersistentVolumeClaim): Action[] {
  if (!claim.metadata.annotations?.[selectedNode]) return [];
  const patch = { metadata: { annotations: { [selectedNode]: null } } };
  return [{ type: 'patch', kind: erased(PersistentVolumeClaim), key: claim.metadata, patchType: 'merge', patch }];
}

function provisioningFailure(className: string, problem: string): string {
  return `failed to provision volume with StorageClass "${className}": ${problem}`;
}

function provision({ claim, storageClass, volumes, nodes, capacities, source }: ObservedClaim, selected: string | undefined): Action[] {
  const className = classOf(claim);
  if (!className) {
    return [event(claim, 'Normal', 'FailedBinding', 'no persistent volumes available for this claim and no storage class is set')];
  }
  if (!storageClass) return [event(claim, 'Warning', 'ProvisioningFailed', `storageclass.storage.k8s.io "${className}" not found`)];
  const { provisioner } = storageClass;
  if (provisioner === 'kubernetes.io/no-provisioner') {
    return [event(claim, 'Normal', 'FailedBinding', 'no persistent volumes available for this claim')];
  }
  if (provisioner !== localProvisioner) return provisionElsewhere(claim, provisioner);
  if (source && 'problem' in source) return [event(claim, 'Warning', 'ProvisioningFailed', provisioningFailure(className, source.problem))];
  const allowed = nodes.filter(({ metadata }) => admitsTopology(storageClass, metadata.labels ?? {}));
  const holders = source ? allowed.filter((node) => hostnameOfNode(node) === source.hostname) : allowed;
  const withRoom = holders.filter((node) => hasRoom(claim, node, capacities));
  const nodeName = (source ? undefined : selected) ?? nodeForImmediate(withRoom, volumes, source !== undefined)?.metadata.name;
  if (nodeName === undefined) {
    return [event(claim, 'Warning', 'ProvisioningFailed', provisioningFailure(className, noNode(holders.length, source)))];
  }
  return provisionLocal(claim, storageClass, nodeName, nodes, source);
}

/** Whoever provisions for the class looks for its own name on the claim. */
function provisionElsewhere(claim: PersistentVolumeClaim, provisioner: string): Action[] {
  if (claim.metadata.annotations?.[provisionerAnnotation] === provisioner) {
    const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
    return [event(claim, 'Normal', 'ExternalProvisioning', message)];
  }
  const { uid, resourceVersion } = claim.metadata;
  const annotations = { [provisionerAnnotation]: provisioner, [betaProvisionerAnnotation]: provisioner };
  const patch = { metadata: { uid, resourceVersion, annotations } };
  return [{ type: 'patch', kind: erased(PersistentVolumeClaim), key: claim.metadata, patchType: 'merge', patch }];
}

function noNode(holders: number, source: ClaimSource | undefined): string {
  if (source && holders === 0) return `what the volume begins with is on node "${source.hostname}", which does not exist`;
  return source
    ? `node "${source.hostname}", which has what the volume begins with, did not have enough free storage`
    : 'node(s) did not have enough free storage';
}

function provisionLocal(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  nodeName: string,
  nodes: Node[],
  source: ClaimSource | undefined,
): Action[] {
  const node = nodes.find(({ metadata }) => metadata.name === nodeName);
  const problem = provisioningProblem(claim, storageClass, nodeName, node, source);
  if (problem !== undefined || !node) {
    const message = provisioningFailure(storageClass.metadata.name, problem ?? '');
    return [event(claim, 'Warning', 'ProvisioningFailed', message), ...refuseNode(claim)];
  }
  const volume = localVolume(claim, storageClass, node, source);
  return [
    event(claim, 'Normal', 'Provisioning', `External provisioner is provisioning volume for claim "${keyOf(claim)}"`),
    {
      type: 'create',
      kind: erased(PersistentVolume),
      object: volume,
      ...(!localDisk(volume) && { onSuccess: provisioned(claim, volume) }),
      onFailure: draft(claim, 'Warning', 'ProvisioningFailed', 'failed to create the volume: {error}'),
    },
  ];
}

function bindNamed(claim: PersistentVolumeClaim, named: PersistentVolume | undefined): Action[] {
  const pending = phase(claim, { phase: 'Pending' });
  if (!named) return pending;
  const name = named.metadata.name;
  if (named.spec.claimRef && !isMeantFor(named, claim)) {
    return [...pending, event(claim, 'Warning', 'FailedBinding', `volume "${name}" already bound to a different claim.`)];
  }
  const problem = mismatch(claim, named);
  if (problem) return [...pending, event(claim, 'Warning', 'VolumeMismatch', `Cannot bind to requested volume "${name}": ${problem}`)];
  return bind(claim, named);
}

function keepBound(claim: PersistentVolumeClaim, named: PersistentVolume | undefined, now: number): Action[] {
  if (named && (!named.spec.claimRef || isMeantFor(named, claim))) return [...bind(claim, named), ...planExpansion(claim, named, now)];
  if (claim.status?.phase === 'Lost') return [];
  const lost = phase(claim, { phase: 'Lost' });
  if (named) {
    const message = 'Two claims are bound to the same volume, this one is bound incorrectly';
    return [...lost, event(claim, 'Warning', 'ClaimMisbound', message)];
  }
  const message = 'Bound claim has lost its PersistentVolume. Data on the volume is lost!';
  const actions = [...lost, event(claim, 'Warning', 'ClaimLost', message)];
  return [{ type: 'ifAbsent', kind: erased(PersistentVolume), key: { name: claim.spec.volumeName ?? '' }, actions }];
}

function draft(about: PersistentVolumeClaim, eventType: 'Normal' | 'Warning', reason: string, message: string) {
  return { about, eventType, reason, message };
}

function event(about: PersistentVolumeClaim, eventType: 'Normal' | 'Warning', reason: string, message: string): Action {
  return { type: 'event', event: draft(about, eventType, reason, message) };
}
