// Who may do what: the port, and how its answer reads. The tables behind it are in authorization-rules.ts until RBAC's
// objects take over.
import { StatusError } from '@berth/machinery';
import { type Rule, rulesOf } from './authorization-rules.ts';
import type { Target, User } from './types.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection' | (string & {});

/** What is asked for; either a resource or a path outside of them, such as /metrics. */
export type Attributes =
  | { verb: Verb; group: string; resource: string; subresource?: string; namespace?: string; name?: string }
  | { verb: Verb; path: string };

export interface Authorizer {
  /** Whether it is allowed; `reason` says why not, where there is more to say than that nothing allows it. */
  authorize(user: User, attributes: Attributes): { allowed: boolean; reason?: string } | Promise<{ allowed: boolean; reason?: string }>;
}

/** Fixed rules by user and group. Whatever no rule allows is denied. */
export class StaticAuthorizer implements Authorizer {
  authorize(user: User, attributes: Attributes): { allowed: boolean } {
    return { allowed: rulesOf(user).some((rule) => covers(rule, attributes)) };
  }
}

function covers(rule: Rule, attributes: Attributes): boolean {
  if (!includes(rule.verbs, attributes.verb)) return false;
  if ('path' in attributes) return (rule.paths ?? []).some((path) => pathMatches(path, attributes.path));
  if (rule.paths) return false;
  const { group, resource, subresource, namespace } = attributes;
  const full = subresource ? `${resource}/${subresource}` : resource;
  if (rule.except?.some((denied) => denied === full || denied === resource || denied === `*/${subresource}`)) return false;
  if (rule.namespaces && !(namespace && rule.namespaces.includes(namespace))) return false;
  return includes(rule.groups, group) && (includes(rule.resources, full) || rule.resources.includes(`*/${subresource}`));
}

function includes(list: string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}

function pathMatches(pattern: string, path: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
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
