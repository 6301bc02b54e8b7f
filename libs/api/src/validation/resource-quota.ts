// Resource quotas: resources that can be counted, and scopes that make sense for them and for each other.
import { parseQuantity } from '@berth/machinery';
import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from '../generated/core-v1.types.ts';
import { isEqual } from './changes.ts';
import { each, type FieldError, immutable, invalid, required, shown } from './errors.ts';
import { isExtendedResource, isQuantity, quantity, resourceName } from './resources.ts';

const podScopes = ['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort', 'CrossNamespacePodAffinity'];
const scopeNames = [...podScopes, 'PriorityClass', 'VolumeAttributesClass'];
const computeResources = ['cpu', 'memory', 'ephemeral-storage'];
const objectResources = [
  'configmaps',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
  'services.loadbalancers',
  'services.nodeports',
];
const podResources = ['pods', ...computeResources.flatMap((name) => [name, `requests.${name}`, `limits.${name}`])];
/** Those of pods that a scope can narrow. */
const scopedResources = podResources.filter((name) => !name.endsWith('ephemeral-storage'));
const standardResources = [...podResources, ...objectResources, 'requests.storage'];
const conflicts = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

export function validateResourceQuotaFields({ spec, status }: ResourceQuota): FieldError[] {
  return [
    ...amounts(spec?.hard, 'spec.hard'),
    ...scopes(spec ?? {}),
    ...selector(spec ?? {}),
    ...amounts(status?.hard, 'status.hard'),
    ...amounts(status?.used, 'status.used'),
  ];
}

function amounts(list: Record<string, string> | undefined, field: string): FieldError[] {
  return Object.entries(list ?? {}).flatMap(([name, amount]) => {
    const path = `${field}[${name}]`;
    return [...quotaResourceName(name, path), ...resourceAmount(name, amount, path)];
  });
}

function isStandard(name: string): boolean {
  return standardResources.includes(name) || /^(requests\.)?hugepages-/.test(name);
}

/** Objects and extended resources come in wholes. */
function isCounted(name: string): boolean {
  return objectResources.includes(name) || isExtendedResource(name);
}

/** Not negative, and whole where it counts things. */
export function resourceAmount(name: string, amount: string, field: string): FieldError[] {
  const errors = quantity(amount, field);
  if (!isQuantity(amount) || !isCounted(name)) return errors;
  // Thousandths beyond 64 bits are as many as there can be, which is no whole number.
  const thousandths = parseQuantity(amount).milliValue();
  const isWhole = Number.isInteger(thousandths / 1000) && Math.abs(thousandths) < 2 ** 63;
  return isWhole ? errors : [...errors, invalid(field, amount, 'must be an integer')];
}

function quotaResourceName(name: string, field: string): FieldError[] {
  const errors = resourceName(name, field);
  return name.includes('/') || isStandard(name) ? errors : [...errors, invalid(field, name, 'must be a standard resource for quota')];
}

function isScopeFor(scope: string, resource: string): boolean {
  if (scope === 'VolumeAttributesClass') return ['persistentvolumeclaims', 'requests.storage'].includes(resource);
  if (scope === 'BestEffort') return resource === 'pods';
  // A scope that is none is refused as such.
  return !scopeNames.includes(scope) || scopedResources.includes(resource);
}

function scopes(spec: ResourceQuotaSpec): FieldError[] {
  const given = spec.scopes ?? [];
  const field = 'spec.scopes';
  const errors = given.flatMap((scope) => {
    const unfit = Object.keys(spec.hard ?? {}).filter((name) => isStandard(name) && !isScopeFor(scope, name));
    return [
      ...(scopeNames.includes(scope) ? [] : [invalid(field, given, 'unsupported scope')]),
      ...unfit.map(() => invalid(field, given, 'unsupported scope applied to resource')),
    ];
  });
  return [...errors, ...conflicting(given, field, given)];
}

function conflicting(names: string[], field: string, value: unknown): FieldError[] {
  return conflicts
    .filter(([one, other]) => names.includes(one) && names.includes(other))
    .map(() => invalid(field, value, 'conflicting scopes'));
}

function selector(spec: ResourceQuotaSpec): FieldError[] {
  if (!spec.scopeSelector) return [];
  const field = 'spec.scopeSelector.matchExpressions';
  const requirements = spec.scopeSelector.matchExpressions ?? [];
  const names = requirements.map(({ scopeName }) => scopeName ?? '');
  return [
    ...each(requirements, field, (requirement) => [
      ...requirementErrors(requirement, field),
      ...Object.keys(spec.hard ?? {})
        .filter((name) => isStandard(name) && !isScopeFor(requirement.scopeName, name))
        .map(() => invalid(field, shown('core.v1.ScopeSelector', spec.scopeSelector), 'unsupported scope applied to resource')),
    ]),
    ...conflicting(names, field, spec.scopes ?? null),
  ];
}

function requirementErrors(requirement: ScopedResourceSelectorRequirement, field: string): FieldError[] {
  const { scopeName = '', operator = '', values = [] } = requirement;
  const errors: FieldError[] = [];
  if (!scopeNames.includes(scopeName)) errors.push(invalid(`${field}.scopeName`, scopeName, 'unsupported scope'));
  if (podScopes.includes(scopeName) && operator !== 'Exists') {
    const names = podScopes.map((name) => `ResourceQuotaScope${name}`);
    const rule = `must be 'Exists' when scope is any of ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
    errors.push(invalid(`${field}.operator`, operator, rule));
  }
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0)
      errors.push(required(`${field}.values`, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0)
      errors.push(invalid(`${field}.values`, values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"));
  } else errors.push(invalid(`${field}.operator`, operator, 'not a valid selector operator'));
  return errors;
}

/** What a quota counts is settled when it is made; how much may change. */
export function validateResourceQuotaUpdate(next: ResourceQuota, old: ResourceQuota): FieldError[] {
  const before = [...(old.spec?.scopes ?? [])].sort();
  const after = [...(next.spec?.scopes ?? [])].sort();
  return isEqual(before, after) ? [] : [invalid('spec.scopes', next.spec?.scopes ?? [], immutable)];
}
