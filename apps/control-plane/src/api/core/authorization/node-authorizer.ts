// What a node may do beyond what all nodes may: read what its pods need, and speak for itself (kubernetes.io/docs, "Using Node
// Authorization"). Berth's own agents have no user at all; this is for whatever else has a node's certificate.
import type { PersistentVolumeClaim, Pod } from '@berth/api';
import { podReferences } from '../../../agents/pod-references.ts';
import type { Attributes } from '../authorizer.ts';
import type { User } from '../types.ts';

export interface NodeObjects {
  podsOn(node: string): Iterable<Pod>;
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
}

const prefix = 'system:node:';
const nodesGroup = 'system:nodes';
const reads = ['get', 'list', 'watch'];
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
    if (group === '' && resource === 'persistentvolumes') return this.#volume(node, attributes);
    if (group === '' && resource === 'serviceaccounts') return this.#serviceAccount(node, attributes);
    if (group === 'coordination.k8s.io' && resource === 'leases') return this.#lease(node, attributes);
    if (group === 'storage.k8s.io' && resource === 'csinodes') return own(node, attributes);
    return undefined;
  }

  #referenced(node: string, kind: string, { verb, subresource, namespace = '', name }: Resource) {
    const status = kind === 'PersistentVolumeClaim' && subresource === 'status' && ['get', 'update', 'patch'].includes(verb);
    if (subresource && !status) return denied('this subresource is not for nodes');
    if (!status && !reads.includes(verb)) return denied(`nodes can only read ${kind}s`);
    if (!name) return denied('an individual object must be named');
    const isReferenced = this.#somePod(node, (pod) =>
      podReferences(pod).some((found) => found.kind === kind && found.name === name && pod.metadata.namespace === namespace),
    );
    return isReferenced ? { allowed: true } : denied(`no relationship found between node '${node}' and this object`);
  }

  #volume(node: string, { verb, name, subresource }: Resource) {
    if (verb !== 'get' || subresource) return denied('nodes can only get volumes');
    const isMounted = this.#somePod(node, (pod) =>
      podReferences(pod).some((found) => {
        const claim = found.kind === 'PersistentVolumeClaim' && this.#objects.claim(pod.metadata.namespace ?? '', found.name);
        return claim && claim.spec?.volumeName === name;
      }),
    );
    return isMounted ? { allowed: true } : denied(`no relationship found between node '${node}' and this object`);
  }

  #serviceAccount(node: string, { verb, subresource, namespace, name }: Resource) {
    if (!(subresource === 'token' ? verb === 'create' : verb === 'get' && !subresource)) return denied('only tokens can be created');
    const isUsed = this.#somePod(
      node,
      ({ metadata, spec }) => metadata.namespace === namespace && (spec.serviceAccountName || 'default') === name,
    );
    return isUsed ? { allowed: true } : denied(`no relationship found between node '${node}' and this object`);
  }

  #lease(node: string, attributes: Resource) {
    if (attributes.namespace !== 'kube-node-lease') return denied('can only access leases in the kube-node-lease namespace');
    if (attributes.verb === 'create' && !attributes.name) return { allowed: true };
    return own(node, attributes);
  }

  #somePod(node: string, holds: (pod: Pod) => boolean): boolean {
    for (const pod of this.#objects.podsOn(node)) if (holds(pod)) return true;
    return false;
  }
}

/** An object of the node's own name. */
function own(node: string, { verb, name, subresource }: Resource): { allowed: boolean; reason?: string } {
  if (subresource) return denied('this subresource is not for nodes');
  if (!['get', 'create', 'update', 'patch', 'delete'].includes(verb)) return denied('only individual objects can be accessed');
  return name === node ? { allowed: true } : denied(`a node can only access the object of its own name`);
}

function denied(reason: string): { allowed: boolean; reason: string } {
  return { allowed: false, reason };
}
