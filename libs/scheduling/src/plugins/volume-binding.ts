// A pod runs where its volumes can be reached, and where those can be had that are made only once it has a node.
import { type PersistentVolume, storageClassNameOf } from '@berth/api';
import { labelSelectorFrom, parseQuantity } from '@berth/machinery';
import { nodeMatches } from '../node-selector.ts';
import type { NodeState } from '../node-state.ts';
import { type LocalPlugin, unresolvable } from '../plugin.ts';
import type { Snapshot } from '../snapshot.ts';
import { claimBytes, promisedBytes } from '../storage-capacity.ts';
import { admitsTopology } from '../topology-terms.ts';
import { volumePlan, type WaitingClaim } from '../volume-plan.ts';

const refusals = {
  elsewhere: unresolvable("node(s) didn't match PersistentVolume's node affinity"),
  lost: unresolvable('node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'),
  none: unresolvable("node(s) didn't find available persistent volumes to bind"),
  full: unresolvable('node(s) did not have enough free storage'),
};
const noProvisioner = 'kubernetes.io/no-provisioner';

export const volumeBinding: LocalPlugin = {
  name: 'VolumeBinding',
  filter(pod, node, snapshot) {
    if (pod.claims.length === 0) return undefined;
    const { bound, hasLostVolume, waiting } = volumePlan(pod, snapshot.volumes);
    if (hasLostVolume) return refusals.lost;
    if (!bound.every((volume) => isReachable(volume, node))) return refusals.elsewhere;
    if (!waiting.every((claim) => canBeHad(claim, node, snapshot))) return refusals.none;
    return hasRoom(waiting, node, snapshot) ? undefined : refusals.full;
  },
};

function isReachable({ spec }: PersistentVolume, node: NodeState): boolean {
  const required = spec?.nodeAffinity?.required;
  return !required || nodeMatches(required, node);
}

/** Volumes that nobody makes must be there, on this node; others may be made where the class allows. */
function canBeHad(waiting: WaitingClaim, node: NodeState, { volumes }: Snapshot): boolean {
  const { storageClass } = waiting;
  if (storageClass.provisioner !== noProvisioner) return admitsTopology(storageClass, node.labels);
  for (const volume of volumes.volumes.values()) if (fits(volume, waiting) && isReachable(volume, node)) return true;
  return false;
}

/** For all claims of the pod that one provisioner makes volumes of, beside those that it is about to make. */
function hasRoom(waiting: WaitingClaim[], node: NodeState, { volumes }: Snapshot): boolean {
  const asked = new Map<string, number>();
  for (const { claim, storageClass } of waiting) {
    const { provisioner } = storageClass;
    const offered = volumes.capacities.offered(storageClass, node);
    if (offered === undefined) continue;
    const sum = (asked.get(provisioner) ?? promisedBytes(node, provisioner, volumes)) + claimBytes(claim, storageClass);
    if (sum > offered) return false;
    asked.set(provisioner, sum);
  }
  return true;
}

function fits(volume: PersistentVolume, { claim, storageClass }: WaitingClaim): boolean {
  const { metadata, spec, status } = volume;
  if (storageClassNameOf(volume) !== storageClass.metadata.name || metadata.deletionTimestamp) return false;
  const { claimRef } = spec;
  const isKept = claimRef && (claimRef.namespace !== claim.metadata.namespace || claimRef.name !== claim.metadata.name);
  if (isKept || status?.phase === 'Released' || status?.phase === 'Failed') return false;
  if ((spec.volumeMode ?? 'Filesystem') !== (claim.spec.volumeMode ?? 'Filesystem')) return false;
  if (!(claim.spec.accessModes ?? []).every((mode) => spec.accessModes?.includes(mode))) return false;
  if (claim.spec.selector && !labelSelectorFrom(claim.spec.selector).matches(metadata.labels)) return false;
  const asked = parseQuantity(claim.spec.resources?.requests?.storage ?? '0');
  return parseQuantity(spec.capacity?.storage ?? '0').compare(asked) >= 0;
}
