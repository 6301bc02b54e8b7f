// Which namespaces one's rights name: what the API says of one's rules (SelfSubjectRulesReview). Rules of a namespace's own RoleBindings are
// told of in that namespace alone, so that there may be more than these.

export interface ResourceRule {
  verbs?: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
}

/** Those that one may get by name. */
export function namedNamespaces(rules: readonly ResourceRule[]): string[] {
  const names = rules
    .filter(({ verbs, apiGroups, resources }) => has(verbs, 'get') && has(apiGroups, '') && has(resources, 'namespaces'))
    .flatMap(({ resourceNames = [] }) => resourceNames);
  return [...new Set(names)].sort();
}

function has(values: readonly string[] = [], wanted: string): boolean {
  return values.includes(wanted) || values.includes('*');
}
