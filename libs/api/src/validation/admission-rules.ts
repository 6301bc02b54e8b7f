// Which requests a webhook or an admission policy is about: rules, selectors and conditions.
import type {
  MatchCondition,
  MatchResources,
  NamedRuleWithOperations,
  RuleWithOperations,
} from '../generated/admissionregistration-v1.types.ts';
import {
  duplicate,
  duplicates,
  each,
  type FieldError,
  invalid,
  invalidAll,
  notSupported,
  oneOfGiven,
  required,
  tooMany,
} from './errors.ts';
import { labelSelector } from './labels.ts';
import { pathSegment, qualified } from './names.ts';

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
    ...(rule.scope === undefined ? [] : oneOfGiven(`${field}.scope`, rule.scope, ['*', 'Cluster', 'Namespaced'])),
  ];
}

/** Policies may name objects, too. */
function namedRule(rule: NamedRuleWithOperations, field: string): FieldError[] {
  const { resourceNames = [] } = rule;
  const at = `${field}.resourceNames`;
  return [
    ...each(resourceNames, at, (name, path) => invalidAll(path, name, pathSegment(name))),
    ...duplicates(
      resourceNames,
      (name) => `name ${name}`,
      (index, name) => duplicate(`${at}[${index}]`, name),
    ),
    ...admissionRule(rule, field),
  ];
}

function values(list: string[] | undefined, field: string, everything: string, plural: string): FieldError[] {
  if (!list?.length) return [required(field)];
  if (list.length === 1 || !list.includes(everything)) return [];
  return [invalid(field, list, `if '${everything}' is present, must not specify other ${plural}`)];
}

/** What a wildcard covers that stands before it may not be named. */
function subresources(list: string[], field: string): FieldError[] {
  const withAll = new Set<string>();
  const everywhere = new Set<string>();
  let isBare = false;
  const errors = each(list, field, (given, at) => {
    if (given === '') return [];
    const slash = given.indexOf('/');
    if (slash < 0) {
      isBare = given !== '*';
      return [];
    }
    const [resource, subresource] = [given.slice(0, slash), given.slice(slash + 1)];
    const found: FieldError[] = [];
    if (withAll.has(resource)) found.push(invalid(at, given, `if '${resource}/*' is present, must not specify ${given}`));
    if (everywhere.has(subresource)) found.push(invalid(at, given, `if '*/${subresource}' is present, must not specify ${given}`));
    if (subresource === '*') withAll.add(resource);
    if (resource === '*') everywhere.add(subresource);
    return found;
  });
  if (!list.includes('*') || !isBare) return errors;
  return [...errors, invalid(field, list, "if '*' is present, must not specify other resources without subresources")];
}

/** @param needsRules a policy must say what it is about; a binding may leave that to its policy. */
export function matchResources(match: MatchResources | undefined, needsRules: boolean, field: string): FieldError[] {
  if (!match) return needsRules ? [required(field)] : [];
  const errors = needsRules && !match.resourceRules?.length ? [required(`${field}.resourceRules`)] : [];
  return [
    ...errors,
    ...oneOfGiven(`${field}.matchPolicy`, match.matchPolicy, ['Equivalent', 'Exact']),
    ...labelSelector(match.namespaceSelector, `${field}.namespaceSelector`),
    ...labelSelector(match.objectSelector, `${field}.objectSelector`),
    ...each(match.resourceRules, `${field}.resourceRules`, namedRule),
    ...each(match.excludeResourceRules, `${field}.excludeResourceRules`, namedRule),
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
