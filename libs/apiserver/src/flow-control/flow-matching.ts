// Which FlowSchema a request belongs to, and which flow within it: flowcontrol.apiserver.k8s.io/v1 (kubernetes.io/docs, "API
// Priority and Fairness"). The matching schema of the lowest precedence decides.
import type { FlowSchema, flowcontrolV1 } from '@berth/api';
import type { User } from '../core/types.ts';

/** What schemas look at: a resource, or a path outside of them. */
export type FlowAttributes =
  | { verb: string; group: string; resource: string; subresource?: string; namespace?: string }
  | { verb: string; path: string };

const serviceAccountPrefix = 'system:serviceaccount:';

/** Lowest precedence first; names break ties. */
export function inPrecedence(schemas: FlowSchema[]): FlowSchema[] {
  const precedence = (schema: FlowSchema) => schema.spec.matchingPrecedence ?? 1000;
  return [...schemas].sort((a, b) => precedence(a) - precedence(b) || (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** @param schemas in precedence */
export function schemaOf(schemas: FlowSchema[], user: User, attributes: FlowAttributes): FlowSchema | undefined {
  return schemas.find((schema) => schema.spec.rules?.some((rule) => ruleMatches(rule, user, attributes)));
}

/** Requests of one flow wait in the same queues. */
export function flowOf(schema: FlowSchema, user: User, attributes: FlowAttributes): string {
  const method = schema.spec.distinguisherMethod?.type;
  if (method === 'ByUser') return user.name;
  return method === 'ByNamespace' && 'resource' in attributes ? (attributes.namespace ?? '') : '';
}

function ruleMatches(rule: flowcontrolV1.PolicyRulesWithSubjects, user: User, attributes: FlowAttributes): boolean {
  if (!rule.subjects.some((subject) => subjectMatches(subject, user))) return false;
  if ('path' in attributes) return rule.nonResourceRules?.some((item) => pathMatches(item, attributes.verb, attributes.path)) ?? false;
  return rule.resourceRules?.some((item) => resourceMatches(item, attributes)) ?? false;
}

function subjectMatches({ kind, user: named, group, serviceAccount }: flowcontrolV1.Subject, user: User): boolean {
  if (kind === 'User') return named?.name === '*' || named?.name === user.name;
  if (kind === 'Group') return group?.name === '*' || user.groups.includes(group?.name ?? '');
  if (kind !== 'ServiceAccount' || !serviceAccount || !user.name.startsWith(serviceAccountPrefix)) return false;
  const [namespace, name] = user.name.slice(serviceAccountPrefix.length).split(':');
  return namespace === serviceAccount.namespace && (serviceAccount.name === '*' || serviceAccount.name === name);
}

type Resource = Extract<FlowAttributes, { resource: string }>;

function resourceMatches(rule: flowcontrolV1.ResourcePolicyRule, { verb, group, resource, subresource, namespace }: Resource): boolean {
  const full = subresource ? `${resource}/${subresource}` : resource;
  if (!includes(rule.verbs, verb) || !includes(rule.apiGroups, group) || !includes(rule.resources, full)) return false;
  return namespace ? includes(rule.namespaces ?? [], namespace) : (rule.clusterScope ?? false);
}

function pathMatches({ verbs, nonResourceURLs }: flowcontrolV1.NonResourcePolicyRule, verb: string, path: string): boolean {
  if (!includes(verbs, verb)) return false;
  return nonResourceURLs.some(
    (pattern) => pattern === '*' || pattern === path || (pattern.endsWith('/*') && path.startsWith(pattern.slice(0, -1))),
  );
}

function includes(list: string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}
