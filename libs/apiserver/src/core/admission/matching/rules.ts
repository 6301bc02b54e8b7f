// Which requests rules of webhooks and policies cover: by operation, group, version, resource and scope, and by name where they say so.
import type { admissionregistrationV1 } from '@berth/api';
import type { KindDefinition } from '@berth/machinery';
import { type AdmissionFacts, isNamespace, namespaceOf } from '../expressions/admission-facts.ts';

export type AdmissionRule = admissionregistrationV1.NamedRuleWithOperations;

/** @param resource in the version that the rules are asked about */
export function covers(rules: readonly AdmissionRule[], facts: AdmissionFacts, resource: KindDefinition): boolean {
  return rules.some(
    (rule) =>
      coversScope(rule.scope, facts) &&
      includes(rule.operations, facts.operation) &&
      includes(rule.apiGroups, resource.group) &&
      includes(rule.apiVersions, resource.version) &&
      (rule.resources ?? []).some((name) => coversResource(name, resource.plural, facts.subresource ?? '')) &&
      (!rule.resourceNames?.length || rule.resourceNames.includes(facts.name)),
  );
}

function includes(list: readonly string[] | undefined, wanted: string): boolean {
  return list?.some((item) => item === '*' || item === wanted) ?? false;
}

/** Namespaces are of the cluster, though their requests have a namespace. */
function coversScope(scope: string | undefined, facts: AdmissionFacts): boolean {
  if (scope === undefined || scope === '*') return true;
  const isNamespaced = !isNamespace(facts.kind) && namespaceOf(facts) !== '';
  return scope === (isNamespaced ? 'Namespaced' : 'Cluster');
}

// `pods`, `pods/status`, `pods/*`, `*`, `*/scale`: without a slash, no subresource is covered.
function coversResource(rule: string, plural: string, subresource: string): boolean {
  const slash = rule.indexOf('/');
  const [resource, sub] = slash < 0 ? [rule, ''] : [rule.slice(0, slash), rule.slice(slash + 1)];
  return (resource === '*' || resource === plural) && (sub === '*' || sub === subresource);
}
