// Who may do what: the port, and how its answer reads. The tables behind it are in component-users.ts until RBAC's
// objects take over.

import { StatusError } from '@berth/machinery';
import type { Attributes, Verb } from './attributes.ts';
import type { PolicyRule } from './authorization/policy-rules.ts';
import type { Target, User } from './types.ts';

export type { Attributes, Verb };

export interface Authorizer {
  /** Whether it is allowed; `reason` says why not, where there is more to say than that nothing allows it. */
  authorize(user: User, attributes: Attributes): { allowed: boolean; reason?: string } | Promise<{ allowed: boolean; reason?: string }>;
  /** Every rule that holds for a user in a namespace. */
  rulesFor(user: User, namespace: string): PolicyRule[];
}

export function attributesOf(verb: Verb, target: Target): Attributes {
  const { kind, subresource, namespace, name } = target;
  return { verb, group: kind.group, resource: kind.plural, subresource, namespace, name };
}

/** 403 in the words that Kubernetes' users know. */
export function forbidden(user: User, attributes: Attributes, reason?: string): StatusError {
  const because = reason ? `: ${reason}` : '';
  if ('path' in attributes) {
    const denied = `User ${JSON.stringify(user.name)} cannot ${attributes.verb} path ${JSON.stringify(attributes.path)}`;
    return new StatusError(403, 'Forbidden', `forbidden: ${denied}${because}`);
  }
  const { verb, group, resource, subresource, namespace, name } = attributes;
  const full = subresource ? `${resource}/${subresource}` : resource;
  const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope';
  const detail = `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(full)} in API group ${JSON.stringify(group)} ${where}`;
  return StatusError.forbidden({ group, plural: resource }, name ?? '', detail + because);
}
