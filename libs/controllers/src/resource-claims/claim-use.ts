// What becomes of a ResourceClaim when its users are gone: their reservations, then what was allocated, then the claim itself, if it
// was made for a pod that will not run any more.
import { hasEnded, Pod, ResourceClaim, type resourceV1 } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { keyOf } from '@berth/machinery';
import { ownerOf } from './pod-claims.ts';

const finalizer = 'resource.kubernetes.io/delete-protection';
const userIndex = 'reserved-for';
const ownerIndex = 'owner-pod-name';
type User = resourceV1.ResourceClaimConsumerReference;

export interface ObservedClaimUse {
  claim: ResourceClaim;
  /** As far as they are known, by name. */
  pods: Map<string, Pod>;
}

export const claimUseController: Controller<ObservedClaimUse> = {
  name: 'resource-claim-use-controller',
  owns: ['ResourceClaim.status.reservedFor[removed]', 'ResourceClaim.status.allocation[removed]', 'ResourceClaim[unused]'],
  writes: ['resourceclaims.resource.k8s.io', 'resourceclaims.resource.k8s.io/status'],
  watches: [
    watches(ResourceClaim, (claim) => [keyOf(claim)]),
    watches(Pod, (pod, caches) => {
      const claims = caches.of(ResourceClaim);
      return [...claims.byIndex(userIndex, keyOf(pod)), ...claims.byIndex(ownerIndex, keyOf(pod))].map(keyOf);
    }),
  ],
  prepare(caches) {
    const key = ({ metadata }: ResourceClaim, name: string) => `${metadata.namespace}/${name}`;
    const claims = caches.of(ResourceClaim);
    claims.addIndex(userIndex, (claim) => (claim.status?.reservedFor ?? []).filter(isPod).map(({ name }) => key(claim, name)));
    claims.addIndex(ownerIndex, (claim) => [ownerOf(claim)].flatMap((owner) => (owner ? [key(claim, owner.name)] : [])));
  },
  observe(key, caches) {
    const claim = caches.of(ResourceClaim).get(key);
    if (!claim) return undefined;
    const names = new Set((claim.status?.reservedFor ?? []).filter(isPod).map(({ name }) => name));
    const owner = ownerOf(claim);
    if (owner) names.add(owner.name);
    const pods = [...names].flatMap((name) => caches.of(Pod).get(`${claim.metadata.namespace}/${name}`) ?? []);
    return { claim, pods: new Map(pods.map((pod) => [pod.metadata.name, pod])) };
  },
  plan: planClaimUse,
};

export function planClaimUse({ claim, pods }: ObservedClaimUse): Action[] {
  const users = claim.status?.reservedFor ?? [];
  // What else may use claims, nobody knows here.
  if (!users.every(isPod)) return [];
  const kept = users.filter(({ name, uid }) => {
    const pod = pods.get(name);
    return !pod || (pod.metadata.uid === uid && !isDone(pod));
  });
  if (kept.length < users.length) return withUsers(claim, kept);
  // A pod that is not known here may be new, or gone: the server knows.
  const unknown = users.find(({ name }) => !pods.has(name));
  if (unknown) {
    const { name, uid } = unknown;
    const rest = users.filter((user) => user !== unknown);
    const key = { name, ...(claim.metadata.namespace !== undefined && { namespace: claim.metadata.namespace }) };
    return [{ type: 'ifAbsent', kind: erased(Pod), key, uid, actions: withUsers(claim, rest) }];
  }
  if (users.length > 0) return [];
  return [...unprotect(claim), ...removeUnused(claim, pods)];
}

function isPod({ apiGroup, resource }: User): boolean {
  return !apiGroup && resource === 'pods';
}

function isDone(pod: Pod): boolean {
  return hasEnded(pod) || (pod.metadata.deletionTimestamp !== undefined && !pod.spec.nodeName);
}

/** What was allocated by a scheduler goes with the last user, and may go to others then. */
function withUsers(claim: ResourceClaim, users: User[]): Action[] {
  const { reservedFor: _gone, allocation, ...rest } = claim.status ?? {};
  const isFreed = users.length === 0 && claim.metadata.finalizers?.includes(finalizer);
  const status = { ...rest, ...(allocation && !isFreed && { allocation }), ...(users.length > 0 && { reservedFor: users }) };
  const object: ResourceClaim = { ...claim, status };
  const write: Action = { type: 'updateStatus', kind: erased(ResourceClaim), object };
  return isFreed ? [write, withoutFinalizer(claim)] : [write];
}

function withoutFinalizer({ metadata }: ResourceClaim): Action {
  const finalizers = (metadata.finalizers ?? []).filter((name) => name !== finalizer);
  return { type: 'patch', kind: erased(ResourceClaim), key: metadata, patchType: 'merge', patch: { metadata: { finalizers } } };
}

/** A claim that is being deleted and has no users. */
function unprotect(claim: ResourceClaim): Action[] {
  const { metadata, status } = claim;
  if (!metadata.deletionTimestamp || !metadata.finalizers?.includes(finalizer)) return [];
  return status?.allocation ? withUsers(claim, []) : [withoutFinalizer(claim)];
}

/** One whose pod is gone is the garbage collector's. */
function removeUnused(claim: ResourceClaim, pods: Map<string, Pod>): Action[] {
  const { metadata } = claim;
  const owner = ownerOf(claim);
  const pod = pods.get(owner?.name ?? '');
  if (!owner || !pod || metadata.deletionTimestamp || (pod.metadata.uid === owner.uid && !isDone(pod))) return [];
  return [{ type: 'delete', kind: erased(ResourceClaim), key: metadata, uid: metadata.uid ?? '' }];
}
