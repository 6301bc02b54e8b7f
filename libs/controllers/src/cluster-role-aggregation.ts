// Puts the rules of an aggregated ClusterRole together from the roles that its selectors find (kubernetes.io/docs, "Aggregated
// ClusterRoles").
import { ClusterRole, type rbacV1 } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { deepEqual, keyOf, labelSelectorFrom } from '@berth/machinery';

interface ObservedRole {
  role: ClusterRole;
  others: ClusterRole[];
}

export const clusterRoleAggregationController: Controller<ObservedRole> = {
  name: 'clusterrole-aggregation-controller',
  owns: ['ClusterRole.rules[aggregated]'],
  writes: ['clusterroles.rbac.authorization.k8s.io'],
  watches: [
    // Any role may be a part of any aggregated one.
    watches(ClusterRole, (_changed, caches) =>
      caches
        .of(ClusterRole)
        .list()
        .filter((role) => role.aggregationRule)
        .map(keyOf),
    ),
  ],
  observe(key, caches) {
    const role = caches.of(ClusterRole).get(key);
    if (!role?.aggregationRule) return undefined;
    return { role, others: caches.of(ClusterRole).list() };
  },
  plan: planAggregation,
};

export function planAggregation({ role, others }: ObservedRole): Action[] {
  const selectors = (role.aggregationRule?.clusterRoleSelectors ?? []).map(labelSelectorFrom);
  const parts = others
    .filter(({ metadata }) => metadata.name !== role.metadata.name && selectors.some((selector) => selector.matches(metadata.labels)))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const rules: rbacV1.PolicyRule[] = [];
  for (const rule of parts.flatMap((part) => part.rules ?? [])) if (!rules.some((known) => deepEqual(known, rule))) rules.push(rule);
  if (deepEqual(rules, role.rules ?? [])) return [];
  return [{ type: 'update', kind: erased(ClusterRole), object: { ...role, rules } as ClusterRole }];
}
