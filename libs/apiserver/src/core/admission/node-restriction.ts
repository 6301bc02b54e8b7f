// A node's credentials, which may be stolen with the machine, reach what concerns that node: its own object, lease and
// storage facts, and the pods that are bound to it. What the authorizer lets a node do by kind is narrowed here by object.
import { mirrorPodRefusal, type Node, type Pod, type ResourceSlice } from '@berth/api';
import { deepEqual, type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import { nodeName as nodeNameOf } from '../authorization/node-authorizer.ts';
import type { User } from '../types.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { isKind } from './request-predicates.ts';

const leaseNamespace = 'kube-node-lease';

export class NodeRestriction implements AdmissionPlugin {
  readonly name = 'NodeRestriction';

  validate(request: AdmissionRequest): void {
    const nodeName = nodeNameOf(request.user);
    if (nodeName === undefined) return;
    const refusal =
      nodeName === '' ? `could not determine node from user ${JSON.stringify(request.user.name)}` : refused(request, nodeName);
    if (refusal !== undefined) throw StatusError.forbidden(request.kind, request.refusedName ?? request.name, refusal);
  }

  checkDelete(kind: KindDefinition, object: KubeObject, user: User): void {
    const nodeName = nodeNameOf(user);
    if (nodeName === undefined) return;
    const refusal = refusedDelete(kind, object, nodeName);
    if (refusal !== undefined) throw StatusError.forbidden(kind, object.metadata.name, refusal);
  }
}

function refused(request: AdmissionRequest, nodeName: string): string | undefined {
  const { kind, object, old } = request;
  if (isKind(kind, '', 'Pod')) return refusedPod(request, nodeName);
  if (isKind(kind, 'resource.k8s.io', 'ResourceSlice'))
    return request.operation === 'CREATE' ? sliceRefusal(object, nodeName, 'create') : undefined;
  const foreign = named(kind, { name: request.name, namespace: request.namespace }, nodeName);
  if (foreign !== undefined || !isKind(kind, '', 'Node')) return foreign;
  return refusedNode(object as Node, old as Node | undefined, nodeName);
}

function refusedPod({ operation, subresource, object, old }: AdmissionRequest, nodeName: string): string | undefined {
  if (subresource === 'status') return refusedPodStatus(object as Pod, old as Pod, nodeName);
  if (subresource) return `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`;
  if (operation === 'CREATE') return mirrorPodRefusal(object as Pod, nodeName);
  return `unexpected operation ${JSON.stringify(operation)}, node ${JSON.stringify(nodeName)} can only create and delete mirror pods`;
}

function refusedPodStatus(next: Pod, old: Pod, nodeName: string): string | undefined {
  const refusal = podRefusal(old, nodeName, 'update pod status for pods');
  if (refusal !== undefined) return refusal;
  if (!deepEqual(next.metadata.labels ?? {}, old.metadata.labels ?? {}))
    return `node ${JSON.stringify(nodeName)} cannot update labels through pod status`;
  return deepEqual(next.status?.resourceClaimStatuses ?? [], old.status?.resourceClaimStatuses ?? [])
    ? undefined
    : `node ${JSON.stringify(nodeName)} cannot update resource claim statues`;
}

function podRefusal({ spec }: Pod, nodeName: string, what: string): string | undefined {
  return spec.nodeName === nodeName ? undefined : `node ${JSON.stringify(nodeName)} can only ${what} with spec.nodeName set to itself`;
}

function refusedDelete(kind: KindDefinition, object: KubeObject, nodeName: string): string | undefined {
  if (isKind(kind, '', 'Pod')) return podRefusal(object as Pod, nodeName, 'delete pods');
  if (isKind(kind, 'resource.k8s.io', 'ResourceSlice')) return sliceRefusal(object, nodeName, 'delete');
  return named(kind, object.metadata, nodeName);
}

/** What of a slice there is already, the authorizer has looked at. */
function sliceRefusal(slice: KubeObject, nodeName: string, what: 'create' | 'delete'): string | undefined {
  return (slice as ResourceSlice).spec.nodeName === nodeName
    ? undefined
    : `can only ${what} ResourceSlice with the same NodeName as the requesting node`;
}

/** Kinds of which a node has one, by its own name. */
function named(
  kind: KindDefinition,
  { name, namespace }: { name: string; namespace?: string | undefined },
  nodeName: string,
): string | undefined {
  const isOwn = name === nodeName;
  if (isKind(kind, '', 'Node') && !isOwn) return `node ${JSON.stringify(nodeName)} is not allowed to modify node ${JSON.stringify(name)}`;
  if (isKind(kind, 'coordination.k8s.io', 'Lease')) {
    if (namespace !== leaseNamespace) return `can only access leases in the ${JSON.stringify(leaseNamespace)} system namespace`;
    return isOwn ? undefined : 'can only access node lease with the same name as the requesting node';
  }
  if (isKind(kind, 'storage.k8s.io', 'CSINode') && !isOwn) return 'can only access CSINode with the same name as the requesting node';
  return undefined;
}

function refusedNode(next: Node, old: Node | undefined, nodeName: string): string | undefined {
  const labels = forbiddenLabels(next, old);
  if (!old) {
    return labels.length > 0
      ? `node ${JSON.stringify(nodeName)} is not allowed to set the following labels: ${labels.join(', ')}`
      : undefined;
  }
  if (!deepEqual(next.spec?.taints ?? [], old.spec?.taints ?? []))
    return `node ${JSON.stringify(nodeName)} is not allowed to modify taints`;
  if (!deepEqual(next.metadata.ownerReferences ?? [], old.metadata.ownerReferences ?? [])) {
    return `node ${JSON.stringify(nodeName)} is not allowed to modify ownerReferences`;
  }
  return labels.length > 0 ? `is not allowed to modify labels: ${labels.join(', ')}` : undefined;
}

/** Labels by which pods may choose nodes to trust: only others may set those. */
function forbiddenLabels(next: Node, old: Node | undefined): string[] {
  const [before, after] = [old?.metadata.labels ?? {}, next.metadata.labels ?? {}];
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => before[key] !== after[key]);
  return changed.filter(isForbidden).sort();
}

const ownLabels = [
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
];
const ownPrefixes = ['kubelet.kubernetes.io', 'node.kubernetes.io'];

function isForbidden(label: string): boolean {
  const prefix = label.includes('/') ? label.slice(0, label.indexOf('/')) : '';
  const isWithin = (domain: string) => prefix === domain || prefix.endsWith(`.${domain}`);
  if (isWithin('node-restriction.kubernetes.io')) return true;
  if (!isWithin('kubernetes.io') && !isWithin('k8s.io')) return false;
  return !ownLabels.includes(label) && !ownPrefixes.some(isWithin);
}
