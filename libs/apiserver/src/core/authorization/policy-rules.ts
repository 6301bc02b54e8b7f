// What one rule of a role allows, and whether some rules cover another: the semantics of rbac.authorization.k8s.io/v1
// (kubernetes.io/docs, "Using RBAC Authorization").
import type { rbacV1 } from '@berth/api';
import type { Attributes } from '../attributes.ts';

export type PolicyRule = rbacV1.PolicyRule;

export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!includes(rule.verbs, attributes.verb)) return false;
  if ('path' in attributes) return rule.nonResourceURLs?.some((pattern) => pathMatches(pattern, attributes.path)) ?? false;
  const { group, resource, subresource, name = '' } = attributes;
  return (
    includes(rule.apiGroups, group) &&
    (rule.resources?.some((pattern) => resourceMatches(pattern, resource, subresource)) ?? false) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(name))
  );
}

/** `*` is everything, subresources included; `*` and a slash and a subresource is that one of every resource. */
function resourceMatches(pattern: string, resource: string, subresource: string | undefined): boolean {
  if (pattern === '*') return true;
  if (!subresource) return pattern === resource;
  return pattern === `${resource}/${subresource}` || pattern === `*/${subresource}`;
}

function pathMatches(pattern: string, path: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
}

function includes(list: string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes('*') || list.includes(value));
}

/** Those parts of `wanted`, one verb and one resource or path each, that `held` do not cover. */
export function notCovered(held: PolicyRule[], wanted: PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(parts).filter((part) => !held.some((rule) => coversPart(rule, part)));
}

function parts(rule: PolicyRule): PolicyRule[] {
  const paths = (rule.nonResourceURLs ?? []).flatMap((path) => rule.verbs.map((verb) => ({ verbs: [verb], nonResourceURLs: [path] })));
  const names = rule.resourceNames?.length ? rule.resourceNames.map((name) => [name]) : [undefined];
  const resources = (rule.apiGroups ?? []).flatMap((group) =>
    (rule.resources ?? []).flatMap((resource) =>
      names.flatMap((resourceNames) =>
        rule.verbs.map((verb) => ({ verbs: [verb], apiGroups: [group], resources: [resource], ...(resourceNames && { resourceNames }) })),
      ),
    ),
  );
  return [...paths, ...resources];
}

function coversPart(rule: PolicyRule, part: PolicyRule): boolean {
  if (!includes(rule.verbs, part.verbs[0] ?? '')) return false;
  const path = part.nonResourceURLs?.[0];
  if (path !== undefined) return rule.nonResourceURLs?.some((pattern) => pattern === path || pathMatches(pattern, path)) ?? false;
  const [resource = '', subresource] = (part.resources?.[0] ?? '').split('/');
  const named = part.resourceNames?.[0];
  const coversName = !rule.resourceNames?.length || (named !== undefined && rule.resourceNames.includes(named));
  return (
    coversName &&
    includes(rule.apiGroups, part.apiGroups?.[0] ?? '') &&
    (rule.resources?.some((pattern) => pattern === part.resources?.[0] || resourceMatches(pattern, resource, subresource)) ?? false)
  );
}

/** As Go prints a rule, which is how people know it. */
export function ruleText({ apiGroups, resources, resourceNames, nonResourceURLs, verbs }: PolicyRule): string {
  const list = (name: string, values: string[] | undefined) =>
    values?.length ? [`${name}:[${values.map((value) => JSON.stringify(value)).join(' ')}]`] : [];
  const fields = [
    ...list('APIGroups', apiGroups),
    ...list('Resources', resources),
    ...list('ResourceNames', resourceNames),
    ...list('NonResourceURLs', nonResourceURLs),
    ...list('Verbs', verbs),
  ];
  return `{${fields.join(', ')}}`;
}
