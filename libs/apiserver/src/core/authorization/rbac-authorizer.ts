// Who may do what, by roles and bindings. What a user holds is worked out once and kept until any of them changes; every
// request after that costs a look through the rules of that user alone.
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding, rbacV1 } from '@berth/api';
import type { Attributes, Authorizer } from '../authorizer.ts';
import type { User } from '../types.ts';
import { type PolicyRule, ruleAllows } from './policy-rules.ts';

/** Users whose grants are remembered. */
const usersMax = 2_000;

/** Where roles and bindings are; read synchronously. */
export interface RbacObjects {
  clusterRole(name: string): ClusterRole | undefined;
  role(namespace: string, name: string): Role | undefined;
  clusterRoleBindings(): ClusterRoleBinding[];
  roleBindings(): RoleBinding[];
  /** Changes with any of them. */
  version(): number;
}

interface Grant {
  rule: PolicyRule;
  reason: string;
}

/** What one user holds: everywhere, and in each namespace on top of that. */
interface Grants {
  everywhere: Grant[];
  within: Map<string, Grant[]>;
  missing: string[];
}

export class RbacAuthorizer implements Authorizer {
  readonly #objects: RbacObjects;
  #version = -1;
  #clusterBindings = new Map<string, ClusterRoleBinding[]>();
  #bindings = new Map<string, RoleBinding[]>();
  #byUser = new Map<string, Grants>();
  /** Users that come again as the same object, as Berth's own parts do. */
  #byIdentity = new WeakMap<User, Grants>();

  constructor(objects: RbacObjects) {
    this.#objects = objects;
  }

  authorize(user: User, attributes: Attributes): { allowed: boolean; reason?: string } {
    // Whoever is in it may do everything, also before any role exists.
    if (user.groups.includes('system:masters')) return { allowed: true };
    const grants = this.#grantsOf(user);
    const allows = (grant: Grant) => ruleAllows(grant.rule, attributes);
    const namespace = 'path' in attributes ? undefined : attributes.namespace;
    const grant = grants.everywhere.find(allows) ?? (namespace ? grants.within.get(namespace)?.find(allows) : undefined);
    if (grant) return { allowed: true, reason: grant.reason };
    const [missing] = grants.missing;
    return missing ? { allowed: false, reason: `RBAC: ${missing} not found` } : { allowed: false };
  }

  /** Every rule that holds for the user in a namespace, those that hold everywhere first. */
  rulesFor(user: User, namespace: string): PolicyRule[] {
    if (user.groups.includes('system:masters')) {
      return [
        { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
        { verbs: ['*'], nonResourceURLs: ['*'] },
      ];
    }
    const { everywhere, within } = this.#grantsOf(user);
    return [...everywhere, ...(within.get(namespace) ?? [])].map(({ rule }) => rule);
  }

  #grantsOf(user: User): Grants {
    this.#refresh();
    const same = this.#byIdentity.get(user);
    if (same) return same;
    const key = JSON.stringify([user.name, user.groups]);
    const known = this.#byUser.get(key) ?? this.#collect(user);
    const oldest = this.#byUser.keys().next();
    if (this.#byUser.size >= usersMax && !oldest.done) this.#byUser.delete(oldest.value);
    this.#byUser.set(key, known);
    this.#byIdentity.set(user, known);
    return known;
  }

  #refresh(): void {
    const version = this.#objects.version();
    if (version === this.#version) return;
    this.#version = version;
    this.#byUser = new Map();
    this.#byIdentity = new WeakMap();
    this.#clusterBindings = bySubject(this.#objects.clusterRoleBindings());
    this.#bindings = bySubject(this.#objects.roleBindings());
  }

  #collect({ name, groups }: User): Grants {
    const subjects = [`User/${name}`, ...groups.map((group) => `Group/${group}`)];
    const grants: Grants = { everywhere: [], within: new Map(), missing: [] };
    for (const subject of subjects) {
      for (const binding of this.#clusterBindings.get(subject) ?? []) {
        grants.everywhere.push(...this.#granted(binding, `ClusterRoleBinding ${quoted(binding)}`, subject, grants.missing));
      }
      for (const binding of this.#bindings.get(subject) ?? []) {
        const { namespace = '' } = binding.metadata;
        const granted = this.#granted(binding, `RoleBinding ${quoted(binding)}`, subject, grants.missing);
        grants.within.set(namespace, [...(grants.within.get(namespace) ?? []), ...granted]);
      }
    }
    return grants;
  }

  #granted(binding: RoleBinding | ClusterRoleBinding, what: string, subject: string, missing: string[]): Grant[] {
    const { kind, name } = binding.roleRef;
    const { namespace = '' } = binding.metadata;
    const role = kind === 'Role' ? this.#objects.role(namespace, name) : this.#objects.clusterRole(name);
    if (!role) missing.push(`${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)}`);
    const reason = `RBAC: allowed by ${what} of ${kind} ${JSON.stringify(name)} to ${subjectText(subject)}`;
    return (role?.rules ?? []).map((rule) => ({ rule, reason }));
  }
}

/** As bindings name it: accounts with their namespace. */
function subjectText(key: string): string {
  const account = /^User\/system:serviceaccount:([^:]+):(.+)$/.exec(key);
  if (account) return `ServiceAccount ${JSON.stringify(`${account[2]}/${account[1]}`)}`;
  const mark = key.indexOf('/');
  return `${key.slice(0, mark)} ${JSON.stringify(key.slice(mark + 1))}`;
}

function quoted({ metadata }: RoleBinding | ClusterRoleBinding): string {
  return JSON.stringify(metadata.namespace ? `${metadata.name}/${metadata.namespace}` : metadata.name);
}

function bySubject<T extends RoleBinding | ClusterRoleBinding>(bindings: T[]): Map<string, T[]> {
  const index = new Map<string, T[]>();
  for (const binding of bindings) {
    for (const subject of binding.subjects ?? []) {
      const key = subjectKey(subject, binding.metadata.namespace);
      index.set(key, [...(index.get(key) ?? []), binding]);
    }
  }
  return index;
}

function subjectKey({ kind, name, namespace }: rbacV1.Subject, ownNamespace: string | undefined): string {
  if (kind !== 'ServiceAccount') return `${kind}/${name}`;
  return `User/system:serviceaccount:${namespace || ownNamespace}:${name}`;
}
