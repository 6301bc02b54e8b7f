// Nobody gives what they do not have: a role may hold only rules that its author holds (or may `escalate`), and a binding may
// give only a role whose rules its author holds (or may `bind`). kubernetes.io/docs, "Privilege escalation prevention".
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '@berth/api';
import { deepEqual, StatusError } from '@berth/machinery';
import { notCovered, type PolicyRule, ruleText } from '../authorization/policy-rules.ts';
import type { Attributes } from '../authorizer.ts';
import type { User } from '../types.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';

export interface EscalationOptions {
  rulesFor(user: User, namespace: string): PolicyRule[];
  isAllowed(user: User, attributes: Attributes): Promise<boolean>;
  /** Undefined when there is none. */
  roleOf(kind: string, namespace: string, name: string): Promise<{ rules?: PolicyRule[] } | undefined>;
}

const group = 'rbac.authorization.k8s.io';

export class RbacEscalation implements AdmissionPlugin {
  readonly name = 'RbacEscalation';
  readonly #options: EscalationOptions;

  constructor(options: EscalationOptions) {
    this.#options = options;
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const { kind, user, object, old } = request;
    if (kind.group !== group || request.subresource || user.groups.includes('system:masters')) return;
    if (kind.kind === 'Role' || kind.kind === 'ClusterRole') await this.#role(request, object as Role, old as Role | undefined);
    else await this.#binding(request, object as RoleBinding, old as RoleBinding | undefined);
  }

  async #role(request: AdmissionRequest, role: Role | ClusterRole, old: Role | ClusterRole | undefined): Promise<void> {
    const { user, kind, name, namespace } = request;
    if (old && deepEqual(role.rules, old.rules) && deepEqual(aggregation(role), aggregation(old))) return;
    if (await this.#options.isAllowed(user, { verb: 'escalate', group, resource: kind.plural, namespace, name })) return;
    this.#check(request, role.rules ?? []);
    // Which rules an aggregated role will have nobody can tell beforehand.
    if (aggregation(role) && !deepEqual(aggregation(role), aggregation(old ?? role))) this.#check(request, everything);
    if (aggregation(role) && !old) this.#check(request, everything);
  }

  async #binding(request: AdmissionRequest, binding: RoleBinding | ClusterRoleBinding, old: RoleBinding | undefined): Promise<void> {
    const { user, namespace = '' } = request;
    if (old && deepEqual(binding.subjects, old.subjects)) return;
    const { kind, name } = binding.roleRef;
    const resource = kind === 'Role' ? 'roles' : 'clusterroles';
    if (await this.#options.isAllowed(user, { verb: 'bind', group, resource, namespace: request.namespace, name })) return;
    const role = await this.#options.roleOf(kind, namespace, name);
    if (!role) throw StatusError.notFound({ group, plural: resource }, name);
    this.#check(request, role.rules ?? []);
  }

  #check({ user, kind, name, namespace = '' }: AdmissionRequest, wanted: PolicyRule[]): void {
    const missing = notCovered(this.#options.rulesFor(user, namespace), wanted);
    if (missing.length === 0) return;
    const groups = user.groups.map((item) => JSON.stringify(item)).join(' ');
    const rules = compact(missing).map(ruleText).join('\n');
    const detail = `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${rules}`;
    throw StatusError.forbidden(kind, name, detail);
  }
}

const everything: PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

function aggregation(role: Role | ClusterRole): unknown {
  return 'aggregationRule' in role ? role.aggregationRule : undefined;
}

/** Parts that differ in their verb alone become one. */
function compact(rules: PolicyRule[]): PolicyRule[] {
  const byRest = new Map<string, PolicyRule>();
  for (const { verbs, ...rest } of rules) {
    const key = JSON.stringify(rest);
    const known = byRest.get(key);
    byRest.set(key, { ...rest, verbs: [...(known?.verbs ?? []), ...verbs] });
  }
  return [...byRest.values()];
}
