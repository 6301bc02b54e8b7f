// Roles and what binds them: rules that can match something, and a role that a binding keeps for good.
import { asGoStruct } from '@berth/machinery';
import type { LabelSelector } from '../generated/meta-v1.types.ts';
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject } from '../generated/rbac-v1.types.ts';
import { schemas } from '../schemas.ts';
import { isEqual } from './changes.ts';
import { each, type FieldError, invalid, invalidAll, notSupported, required } from './errors.ts';
import { labelSelector } from './labels.ts';
import { dnsSubdomain, pathSegment } from './names.ts';

export const rbacGroup = 'rbac.authorization.k8s.io';
type Binding = RoleBinding | ClusterRoleBinding;

export function validateRoleRules({ rules }: Role): FieldError[] {
  return each(rules, 'rules', (rule, field) => policyRule(rule, true, field));
}

export function validateClusterRoleRules({ rules, aggregationRule }: ClusterRole): FieldError[] {
  const errors = each(rules, 'rules', (rule, field) => policyRule(rule, false, field));
  if (!aggregationRule) return errors;
  const field = 'aggregationRule.clusterRoleSelectors';
  if (!aggregationRule.clusterRoleSelectors?.length) {
    errors.push(required(field, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
  }
  return [
    ...errors,
    ...each(aggregationRule.clusterRoleSelectors, field, (selector, at) => [
      ...labelSelector(selector, at),
      ...(isUnreadable(selector) ? [invalid(at, null, 'invalid label selector.')] : []),
    ]),
  ];
}

/** Whether nothing could be selected with it at all. */
function isUnreadable(selector: LabelSelector): boolean {
  return labelSelector(selector, '').length > 0;
}

function policyRule(rule: PolicyRule, isNamespaced: boolean, field: string): FieldError[] {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const errors = verbs.length > 0 ? [] : [required(`${field}.verbs`, 'verbs must contain at least one value')];
  if (nonResourceURLs.length > 0) {
    const at = `${field}.nonResourceURLs`;
    if (isNamespaced) errors.push(invalid(at, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'));
    if (apiGroups.length + resources.length + resourceNames.length > 0) {
      errors.push(invalid(at, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'));
    }
    return errors;
  }
  if (apiGroups.length === 0) errors.push(required(`${field}.apiGroups`, 'resource rules must supply at least one api group'));
  if (resources.length === 0) errors.push(required(`${field}.resources`, 'resource rules must supply at least one resource'));
  return errors;
}

export function validateRoleBindingFields(binding: RoleBinding): FieldError[] {
  return [...roleRef(binding, ['Role', 'ClusterRole']), ...subjects(binding, true)];
}

export function validateClusterRoleBindingFields(binding: ClusterRoleBinding): FieldError[] {
  return [...roleRef(binding, ['ClusterRole']), ...subjects(binding, false)];
}

function roleRef({ roleRef: given }: Binding, kinds: string[]): FieldError[] {
  const { apiGroup = '', kind = '', name = '' } = given ?? {};
  const errors = apiGroup === rbacGroup ? [] : [notSupported('roleRef.apiGroup', apiGroup, [rbacGroup])];
  if (!kinds.includes(kind)) errors.push(notSupported('roleRef.kind', kind, kinds));
  return [...errors, ...(name ? invalidAll('roleRef.name', name, pathSegment(name)) : [required('roleRef.name')])];
}

function subjects({ subjects: given }: Binding, isNamespaced: boolean): FieldError[] {
  return each(given, 'subjects', (subject, field) => [
    ...(subject.name ? [] : [required(`${field}.name`)]),
    ...identity(subject, isNamespaced, field),
  ]);
}

function identity({ kind, name, namespace, apiGroup = '' }: Subject, isNamespaced: boolean, field: string): FieldError[] {
  if (kind === 'User' || kind === 'Group') {
    return apiGroup === rbacGroup ? [] : [notSupported(`${field}.apiGroup`, apiGroup, [rbacGroup])];
  }
  if (kind !== 'ServiceAccount') return [notSupported(`${field}.kind`, kind ?? '', ['ServiceAccount', 'User', 'Group'])];
  const errors = name ? invalidAll(`${field}.name`, name, dnsSubdomain(name)) : [];
  if (apiGroup) errors.push(notSupported(`${field}.apiGroup`, apiGroup, ['']));
  if (!isNamespaced && !namespace) errors.push(required(`${field}.namespace`));
  return errors;
}

/** Whoever may change a binding's subjects must not gain the right to hand out another role. */
export function validateBindingUpdate(next: Binding, old: Binding): FieldError[] {
  return isEqual(next.roleRef, old.roleRef)
    ? []
    : [invalid('roleRef', asGoStruct(schemas.message('rbac.v1.RoleRef'), next.roleRef), 'cannot change roleRef')];
}
