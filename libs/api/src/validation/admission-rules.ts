// Which requests a webhook or an admission policy is about: rules, selectors and conditions.
import type { MatchCondition, MatchResources, RuleWithOperations } from '../generated/admissionregistration-v1.types.ts';
import {
  duplicate,
  duplicates,
  each,
  type FieldError,
  invalid,
  invalidAll,
  notSupported,
  optionalOneOf,
  required,
  tooMany,
} from './errors.ts';
import { labelSelector } from './labels.ts';
import { qualified } from './names.ts';

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const conditionsMax = 64;

export function admissionRule(rule: RuleWithOperations, field: string): FieldError[] {
  return [
    ...values(rule.operations, `${field}.operations`, '*', 'operations'),
    ...each(rule.operations, `${field}.operations`, (given, at) =>
      operations.includes(given) ? [] : [notSupported(at, given, operations)],
    ),
    ...values(rule.apiGroups, `${field}.apiGroups`, '*', 'API groups'),
    ...values(rule.apiVersions, `${field}.apiVersions`, '*', 'API versions'),
    ...each(rule.apiVersions, `${field}.apiVersions`, (version, at) => (version ? [] : [required(at)])),
    ...values(rule.resources, `${field}.resources`, '*/*', 'resources'),
    ...each(rule.resources, `${field}.resources`, (resource, at) => (resource ? [] : [required(at)])),
    ...subresources(rule.resources ?? [], `${field}.resources`),
    ...optionalOneOf(`${field}.scope`, rule.scope, ['*', 'Cluster', 'Namespaced']),
  ];
}

function values(list: string[] | undefined, field: string, everything: string, plural: string): FieldError[] {
  if (!list?.length) return [required(field)];
  if (list.length === 1 || !list.includes(everything)) return [];
  return [invalid(field, list, `if '${everything}' is present, must not specify other ${plural}`)];
}

/** What a wildcard covers already may not be named beside it. */
function subresources(list: string[], field: string): FieldError[] {
  const withAll = new Set(list.filter((name) => name.endsWith('/*')).map((name) => name.slice(0, -2)));
  const everywhere = new Set(list.filter((name) => name.startsWith('*/')).map((name) => name.slice(2)));
  return each(list, field, (given, at) => {
    const [resource = '', subresource] = given.split('/');
    if (!subresource || subresource === '*' || resource === '*') return [];
    if (withAll.has(resource)) return [invalid(at, given, `if '${resource}/*' is present, must not specify ${given}`)];
    return everywhere.has(subresource) ? [invalid(at, given, `if '*/${subresource}' is present, must not specify ${given}`)] : [];
  });
}

/** @param needsRules a policy must say what it is about; a binding may leave that to its policy. */
export function matchResources(match: MatchResources | undefined, needsRules: boolean, field: string): FieldError[] {
  if (!match) return needsRules ? [required(field)] : [];
  const errors = needsRules && !match.resourceRules?.length ? [required(`${field}.resourceRules`)] : [];
  return [
    ...errors,
    ...optionalOneOf(`${field}.matchPolicy`, match.matchPolicy, ['Equivalent', 'Exact']),
    ...labelSelector(match.namespaceSelector, `${field}.namespaceSelector`),
    ...labelSelector(match.objectSelector, `${field}.objectSelector`),
    ...each(match.resourceRules, `${field}.resourceRules`, admissionRule),
    ...each(match.excludeResourceRules, `${field}.excludeResourceRules`, admissionRule),
  ];
}

export function matchConditions(list: MatchCondition[] | undefined, field: string): FieldError[] {
  const given = list ?? [];
  return [
    ...(given.length > conditionsMax ? [tooMany(field, given.length, conditionsMax)] : []),
    ...each(given, field, ({ name, expression }, path) => [
      ...(expression?.trim() ? [] : [required(`${path}.expression`)]),
      ...(name ? invalidAll(`${path}.name`, name, qualified(name)) : [required(`${path}.name`)]),
    ]),
    ...duplicates(
      given,
      ({ name }) => name ?? '',
      (index, { name }) => duplicate(`${field}[${index}].name`, name),
    ),
  ];
}
