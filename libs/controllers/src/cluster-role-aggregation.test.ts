// What an aggregated role is made of.
import type { ClusterRole } from '@berth/api';
import { expect, test } from 'vitest';
import { planAggregation } from './cluster-role-aggregation.ts';

const rule = (resource: string) => ({ apiGroups: [''], resources: [resource], verbs: ['get'] });

function role(name: string, labels: Record<string, string>, ...resources: string[]): ClusterRole {
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name, labels }, rules: resources.map(rule) };
}

const wanted = { 'example.com/part': 'yes' };

test('rules come from the roles that any selector finds, by name, each once, and never from the role itself', () => {
  const whole: ClusterRole = {
    ...role('whole', wanted, 'of its own'),
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: wanted }, { matchLabels: { also: 'this' } }] },
  };
  const others = [whole, role('z', wanted, 'pods'), role('a', { also: 'this' }, 'secrets', 'pods'), role('other', {}, 'nodes')];
  const actions = planAggregation({ role: whole, others });
  expect(actions).toMatchObject([{ type: 'update', object: { rules: [rule('secrets'), rule('pods')] } }]);
  const done = { ...whole, rules: [rule('secrets'), rule('pods')] };
  expect(planAggregation({ role: done, others: [done, ...others.slice(1)] })).toEqual([]);
});
