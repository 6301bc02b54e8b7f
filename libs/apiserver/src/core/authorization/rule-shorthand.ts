// How the default roles are written down: verbs, one group, its resources.
import type { PolicyRule } from './policy-rules.ts';

export const read = ['get', 'list', 'watch'];
export const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];

export function rule(verbs: string[], group: string, resources: string[]): PolicyRule {
  return { verbs, apiGroups: [group], resources };
}

/** Whoever does something for others may tell of it. */
export const eventRules: PolicyRule[] = ['', 'events.k8s.io'].map((group) => rule(['create', 'patch', 'update'], group, ['events']));
