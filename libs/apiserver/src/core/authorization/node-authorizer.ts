// What a node may do beyond what all nodes may: read what its pods need, and speak for itself (kubernetes.io/docs, "Using Node
// Authorization"). Berth's own agents have no user at all; this is for whatever else has a node's certificate.
import { type PersistentVolumeClaim, type Pod, podReferences, podResourceClaims } from '@berth/api';
import type { FieldRequirement } from '@berth/machinery';
import type { Attributes } from '../authorizer.ts';
import type { User } from '../types.ts';

export interface NodeObjects {
  podsOn(node: string): Iterable<Pod>;
  pod(namespace: string, name: string): Pod | undefined;
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  /** The node that a VolumeAttachment is for. */
  attachedTo(attachment: string): string | undefined;
  /** The node whose devices a ResourceSlice lists. */
  slicedFor(slice: string): string | undefined;
}

const prefix = 'system:node:';
const nodesGroup = 'system:nodes';
const reads = ['get', 'list', 'watch'];
const changes = ['update', 'patch'];
const referenced: Record<string, string> = { secrets: 'Secret', configmaps: 'ConfigMap', persistentvolumeclaims: 'PersistentVolumeClaim' };

/** Undefined for users that are no nodes. */
export function nodeName({ name, groups }: User): string | undefined {
  return name.startsWith(prefix) && groups.includes(nodesGroup) ? name.slice(prefix.length) : undefined;
}

type Resource = Extract<Attributes, { resource: string }>;

export class NodeAuthorizer {
  readonly #objects: NodeObjects;

  constructor(objects: NodeObjects) {
    this.#objects = objects;
  }

  /** Whether it is allowed; undefined where a node has no say of its own. */
  authorize(user: User, attributes: Attributes): { allowed: boolean; reason?: string } | undefined {
    const node = nodeName(user);
    if (node === undefined || 'path' in attributes) return undefined;
    const { group, resource } = attributes;
    const kind = group === '' ? referenced[resource] : undefined;
    if (kind) return this.#referenced(node, kind, attributes);
    if (group === '' && resource === 'nodes') return this.#node(node, attributes);
    if (group === '' && resource === 'pods') return this.#pod(node, attributes);
    if (group === '' && resource === 'persistentvolumes') return this.#volume(node, attributes);
    if (group === '' && resource === 'serviceaccounts') return this.#serviceAccount(node, attributes);
    if (group === 'coordination.k8s.io' && resource === 'leases') return this.#lease(node, attributes);
    if (group === 'storage.k8s.io' && resource === 'csinodes') return ownOrNew(node, attributes);
    if (group === 'storage.k8s.io' && resource === 'volumeattachments') return this.#attachment(node, attributes);
    if (group === 'resource.k8s.io' && resource === 'resourceclaims') return this.#deviceClaim(node, attributes);
    if (group === 'resource.k8s.io' && resource === 'resourceslices') return this.#slice(node, attributes);
    return undefined;
  }

  /** Which nodes it may change, admission says (NodeRestriction). */
  #node(node: string, { verb, subresource, name }: Resource) {
    if (subresource === 'status' && changes.includes(verb)) return { allowed: true };
    if (!subresource && (verb === 'create' || changes.includes(verb))) return { allowed: true };
    if (subresource || !reads.includes(verb)) return denied('');
    if (name === node) return { allowed: true };
    return denied(`node '${node}' cannot read ${name ? `'${name}'` : 'all nodes'}, only its own Node object`);
  }

  /** Which pods it may change, admission says (NodeRestriction). */
  #pod(node: string, { verb, subresource, namespace = '', name, fieldSelector = [] }: Resource) {
    if (subresource === 'status' && changes.includes(verb)) return { allowed: true };
    if (subresource === 'eviction' && verb === 'create') return { allowed: true };
    if (!subresource && (verb === 'create' || verb === 'delete')) return { allowed: true };
    if (subresource || !reads.includes(verb)) return denied('');
    if (verb !== 'get' && selectsNode(fieldSelector, node)) return { allowed: true };
    if (!name) return denied('can only list/watch pods with spec.nodeName field selector');
    return related(node, this.#objects.pod(namespace, name)?.spec.nodeName === node);
  }

  #attachment(node: string, { verb, subresource, name }: Resource) {
    if (verb !== 'get' || subresource) return denied('can only get individual resources of this type');
    if (!name) return denied('No Object name found');
    return related(node, this.#objects.attachedTo(name) === node);
  }

  #deviceClaim(node: string, { verb, subresource, namespace, name }: Resource) {
    if (verb !== 'get' || subresource) return denied('can only get individual resources of this type');
    if (!name) return denied('No Object name found');
    const isUsed = this.#somePod(
      node,
      (pod) => pod.metadata.namespace === namespace && podResourceClaims(pod).some(({ claimName }) => claimName === name),
    );
    return related(node, isUsed);
  }

  /** For which node it makes one, admission says (NodeRestriction). */
  #slice(node: string, { verb, subresource, name, fieldSelector = [] }: Resource) {
    if (subresource) return denied('cannot authorize ResourceSlice subresources');
    if (verb === 'create') return { allowed: true };
    if (['get', 'update', 'patch', 'delete'].includes(verb)) {
      return name ? related(node, this.#objects.slicedFor(name) === node) : denied('No Object name found');
    }
    if (!['list', 'watch', 'deletecollection'].includes(verb)) {
      const verbs = 'get, watch, list, create, update, patch, delete, deletecollection';
      return denied(`only the following verbs are allowed for a ResourceSlice: ${verbs}`);
    }
    if (selectsNode(fieldSelector, node)) return { allowed: true };
    return denied('can only list/watch/deletecollection resourceslices with nodeName field selector');
  }

  #referenced(node: string, kind: string, { verb, subresource, namespace = '', name }: Resource) {
    const isClaim = kind === 'PersistentVolumeClaim';
    const status = isClaim && subresource === 'status' && changes.includes(verb);
    if (subresource && !status) return denied(isClaim ? 'cannot get subresource' : 'cannot read subresource');
    if (isClaim && !status && verb !== 'get') return denied('can only get individual resources of this type');
    if (!status && !reads.includes(verb)) return denied('can only read resources of this type');
    if (!namespace) return denied('can only read namespaced object of this type');
    if (!name) return denied('No Object name found');
    const isReferenced = this.#somePod(node, (pod) =>
      podReferences(pod).some((found) => found.kind === kind && found.name === name && pod.metadata.namespace === namespace),
    );
    return related(node, isReferenced);
  }

  #volume(node: string, { verb, name, subresource }: Resource) {
    if (verb !== 'get' || subresource) return denied('nodes can only get volumes');
    const isMounted = this.#somePod(node, (pod) =>
      podReferences(pod).some((found) => {
        const claim = found.kind === 'PersistentVolumeClaim' && this.#objects.claim(pod.metadata.namespace ?? '', found.name);
        return claim && claim.spec?.volumeName === name;
      }),
    );
    return related(node, isMounted);
  }

  #serviceAccount(node: string, { verb, subresource, namespace, name }: Resource) {
    if (!(subresource === 'token' ? verb === 'create' : verb === 'get' && !subresource)) return denied('only tokens can be created');
    const isUsed = this.#somePod(
      node,
      ({ metadata, spec }) => metadata.namespace === namespace && (spec.serviceAccountName || 'default') === name,
    );
    return related(node, isUsed);
  }

  #lease(node: string, attributes: Resource) {
    if (attributes.namespace !== 'kube-node-lease') return denied('can only access leases in the kube-node-lease namespace');
    return ownOrNew(node, attributes);
  }

  #somePod(node: string, holds: (pod: Pod) => boolean): boolean {
    for (const pod of this.#objects.podsOn(node)) if (holds(pod)) return true;
    return false;
  }
}

function selectsNode(selector: FieldRequirement[], node: string): boolean {
  return selector.some(({ field, operator, value }) => field === 'spec.nodeName' && operator === '=' && value === node);
}

/** An object of the node's own name; the name of a new one is not known yet, so admission looks at it (NodeRestriction). */
function ownOrNew(node: string, { verb, name, subresource }: Resource): { allowed: boolean; reason?: string } {
  if (subresource) return denied('this subresource is not for nodes');
  if (!['get', 'create', 'update', 'patch', 'delete'].includes(verb)) return denied('only individual objects can be accessed');
  if (verb === 'create' && !name) return { allowed: true };
  return name === node ? { allowed: true } : denied('a node can only access the object of its own name');
}

function related(node: string, isSo: boolean): { allowed: boolean; reason?: string } {
  return isSo ? { allowed: true } : denied(`no relationship found between node '${node}' and this object`);
}

function denied(reason: string): { allowed: boolean; reason?: string } {
  return { allowed: false, ...(reason && { reason }) };
}
