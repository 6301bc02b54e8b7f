// Who may do what in this cluster: the Node authorizer is asked first, then RBAC; whatever neither allows is denied.
import {
  ClusterRole,
  ClusterRoleBinding,
  PersistentVolumeClaim,
  Pod,
  ResourceSlice,
  Role,
  RoleBinding,
  VolumeAttachment,
} from '@berth/api';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import type { Attributes, Authorizer } from '../authorizer.ts';
import { relativeKey } from '../keys.ts';
import { erased, type KindsByName } from '../kinds-by-name.ts';
import { selectionOf } from '../selection.ts';
import type { User } from '../types.ts';
import type { WatchCache } from '../watch-cache.ts';
import { CustomResourceRules } from './custom-resource-rules.ts';
import { nodeRules } from './default-roles.ts';
import { NodeAuthorizer, nodeName } from './node-authorizer.ts';
import { type PolicyRule, ruleAllows } from './policy-rules.ts';
import { RbacAuthorizer } from './rbac-authorizer.ts';

export class ClusterAuthorizer implements Authorizer {
  readonly #node: NodeAuthorizer;
  readonly #rbac: RbacAuthorizer;
  readonly #custom: CustomResourceRules;

  constructor(cache: WatchCache, kinds: KindsByName) {
    this.#custom = new CustomResourceRules(kinds);
    const all = <T extends KubeObject>(kind: KindDefinition<T>): T[] => [...cache.of(erased(kind)).all()].map((entry) => entry.object as T);
    const one = <T extends KubeObject>(kind: KindDefinition<T>, namespace: string | undefined, name: string): T | undefined =>
      cache.of(erased(kind)).get(relativeKey(namespace, name))?.object as T | undefined;
    const watched = [ClusterRole, ClusterRoleBinding, Role, RoleBinding].map((kind) =>
      cache.of(erased(kind as KindDefinition<KubeObject>)),
    );
    this.#rbac = new RbacAuthorizer({
      clusterRole: (name) => one(ClusterRole, undefined, name),
      role: (namespace, name) => one(Role, namespace, name),
      clusterRoleBindings: () => all(ClusterRoleBinding),
      roleBindings: () => all(RoleBinding),
      version: () => Math.max(...watched.map((kind) => kind.lastChange)),
    });
    this.#node = new NodeAuthorizer({
      *podsOn(node) {
        const selection = selectionOf(erased(Pod), { fieldSelector: `spec.nodeName=${node}` });
        for (const entry of cache.of(erased(Pod)).select(selection)) yield entry.object as Pod;
      },
      pod: (namespace, name) => one(Pod, namespace, name),
      claim: (namespace, name) => one(PersistentVolumeClaim, namespace, name),
      attachedTo: (name) => one(VolumeAttachment, undefined, name)?.spec.nodeName,
      slicedFor: (name) => one(ResourceSlice, undefined, name)?.spec.nodeName,
    });
  }

  authorize(user: User, attributes: Attributes): { allowed: boolean; reason?: string } {
    const own = this.#node.authorize(user, attributes);
    if (own?.allowed) return own;
    // What every node may is given to a node by its name, not by a binding that others could be added to.
    if (!own && nodeName(user) !== undefined && nodeRules.some((rule) => ruleAllows(rule, attributes))) return { allowed: true };
    const bound = this.#rbac.authorize(user, attributes);
    if (!bound.allowed && this.#custom.heldBy(user).some((rule) => ruleAllows(rule, attributes))) return { allowed: true };
    return bound.allowed || !own ? bound : own;
  }

  rulesFor(user: User, namespace: string): PolicyRule[] {
    return [...(nodeName(user) === undefined ? [] : nodeRules), ...this.#custom.heldBy(user), ...this.#rbac.rulesFor(user, namespace)];
  }
}
