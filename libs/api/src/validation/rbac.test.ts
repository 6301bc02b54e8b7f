import { expect, test } from 'vitest';
import { ClusterRole, ClusterRoleBinding, LimitRange, PriorityClass, ResourceQuota, Role, RoleBinding } from '../index.ts';
import { messages } from './messages.ts';

const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };

test('rules name something that can be matched', () => {
  const role: Role = { ...rbac, kind: 'Role', metadata: { name: 'system:a', namespace: 'default' }, rules: [{ verbs: [] }] };
  role.rules?.push({ verbs: ['get'], nonResourceURLs: ['/healthz'] });
  expect(messages(Role.validate(role))).toEqual([
    'rules[0].verbs: Required value: verbs must contain at least one value',
    'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
    'rules[0].resources: Required value: resource rules must supply at least one resource',
    'rules[1].nonResourceURLs: Invalid value: ["/healthz"]: namespaced rules cannot apply to non-resource URLs',
  ]);
  const aggregated: ClusterRole = { ...rbac, kind: 'ClusterRole', metadata: { name: 'a/b' }, aggregationRule: {} };
  expect(messages(ClusterRole.validate(aggregated))).toEqual([
    'metadata.name: Invalid value: "a/b": may not contain \'/\'',
    'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
  ]);
});

test('a binding keeps its role and knows the groups of its subjects', () => {
  const binding: RoleBinding = {
    ...rbac,
    kind: 'RoleBinding',
    metadata: { name: 'readers', namespace: 'default' },
    roleRef: { kind: 'Role', name: 'reader' },
    subjects: [
      { kind: 'User', name: 'jane' },
      { kind: 'ServiceAccount', name: 'robot' },
      { kind: 'Machine', name: 'x' },
    ],
  };
  RoleBinding.defaults(binding);
  expect(binding.roleRef.apiGroup).toBe('rbac.authorization.k8s.io');
  expect(messages(RoleBinding.validate(binding))).toEqual([
    'subjects[2].kind: Unsupported value: "Machine": supported values: "ServiceAccount", "User", "Group"',
  ]);
  const next = { ...binding, roleRef: { ...binding.roleRef, name: 'writer' } };
  expect(RoleBinding.validateUpdate(next, binding).map(({ field, detail }) => `${field}: ${detail}`)).toEqual([
    'roleRef: cannot change roleRef',
  ]);
  const wide: ClusterRoleBinding = { ...binding, kind: 'ClusterRoleBinding', metadata: { name: 'readers' } };
  expect(messages(ClusterRoleBinding.validate(wide)).slice(0, 2)).toEqual([
    'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
    'subjects[1].namespace: Required value',
  ]);
  expect(RoleBinding.columns.map((column) => column.value(binding, 0)).slice(3)).toEqual(['jane', '', '/robot']);
});

test('system priorities are not for users', () => {
  const give = (name: string, value: number) => {
    const priorityClass: PriorityClass = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value };
    PriorityClass.defaults(priorityClass);
    return messages(PriorityClass.validate(priorityClass));
  };
  expect(give('system-node-critical', 2_000_001_000)).toEqual([]);
  expect(give('system-mine', 5)).toEqual([
    "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class",
  ]);
  expect(give('high', 1_000_000_001)).toEqual(['value: Forbidden: maximum allowed value of a user defined priority is 1000000000']);
});

test('bounds of a limit range fit each other', () => {
  const range: LimitRange = {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'bounds', namespace: 'default' },
    spec: { limits: [{ type: 'Container', max: { cpu: '1' }, min: { memory: '1Mi' }, defaultRequest: { cpu: '2' } }] },
  };
  LimitRange.defaults(range);
  expect(range.spec.limits[0]?.default).toEqual({ cpu: '1' });
  expect(range.spec.limits[0]?.defaultRequest).toEqual({ cpu: '2', memory: '1Mi' });
  expect(messages(LimitRange.validate(range))).toEqual([
    'spec.limits[0].defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than max value 1',
    'spec.limits[0].defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1',
  ]);
});

test('a quota shows requests and limits apart, and scopes that contradict are refused', () => {
  const quota: ResourceQuota = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'all', namespace: 'default' },
    spec: { hard: { pods: '1500m', 'limits.cpu': '2', bananas: '1' }, scopes: ['Terminating', 'NotTerminating'] },
    status: { hard: { pods: '10', 'limits.cpu': '2' }, used: { pods: '3' } },
  };
  expect(messages(ResourceQuota.validate(quota))).toEqual([
    'spec.hard[pods]: Invalid value: "1500m": must be an integer',
    'spec.hard[bananas]: Invalid value: "bananas": must be a standard resource type or fully qualified',
    'spec.hard[bananas]: Invalid value: "bananas": must be a standard resource for quota',
    'spec.scopes: Invalid value: ["Terminating","NotTerminating"]: conflicting scopes',
  ]);
  expect(ResourceQuota.columns.map((column) => column.value(quota, 0)).slice(1, 3)).toEqual(['pods: 3/10', 'limits.cpu: 0/2']);
});
