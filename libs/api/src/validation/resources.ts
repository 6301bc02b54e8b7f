// Quantities of resources: that they parse, are not negative, and that requests fit under limits.
import { parseQuantity, isQuantity as parsesAsQuantity } from '@berth/machinery';
import type { ContainerResizePolicy, PodSpec, ResourceRequirements } from '../generated/core-v1.types.ts';
import { duplicate, each, type FieldError, forbidden, invalid, invalidAll, notNegative, notSupported, oneOf, required } from './errors.ts';
import { qualified } from './names.ts';

const quantityRule = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
/** Of which there is no part. */
const countedResources = new Set([
  ...['pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps', 'persistentvolumeclaims'],
  ...['services.nodeports', 'services.loadbalancers'],
]);
const standardContainerResources = ['cpu', 'memory', 'ephemeral-storage'];

/** Resources that may be overcommitted, so that a limit can exceed the request. */
export function mayOvercommit(resource: string): boolean {
  return isNative(resource) && !resource.startsWith('hugepages-');
}

export function isQuantity(text: string | undefined): text is string {
  return text !== undefined && parsesAsQuantity(text);
}

/** A quantity that must not be negative. */
export function quantity(text: string, field: string): FieldError[] {
  if (!isQuantity(text)) return [invalid(field, text, quantityRule)];
  return parseQuantity(text).toNumber() < 0 ? [invalid(field, text, notNegative)] : [];
}

/** Below zero, zero, or above, as `a - b`; both must be quantities. */
export function compareQuantities(a: string, b: string): number {
  return parseQuantity(a).compare(parseQuantity(b));
}

/** Names without a domain that stand for something anywhere, be it in a quota only. */
const standardResources = new Set([
  ...standardContainerResources,
  ...standardContainerResources.flatMap((name) => [`requests.${name}`, `limits.${name}`]),
  ...['configmaps', 'persistentvolumeclaims', 'pods', 'replicationcontrollers', 'requests.storage', 'resourcequotas', 'secrets'],
  ...['services', 'services.loadbalancers', 'services.nodeports', 'storage'],
]);
export const hugePages = 'hugepages-';

export function resourceName(name: string, field: string): FieldError[] {
  const errors = invalidAll(field, name, qualified(name));
  if (errors.length > 0 || name.includes('/') || standardResources.has(name) || name.startsWith(hugePages)) return errors;
  return [invalid(field, name, 'must be a standard resource type or fully qualified')];
}

export function containerResourceName(name: string, field: string): FieldError[] {
  const errors = resourceName(name, field);
  if (!name.includes('/')) {
    const isStandard = standardContainerResources.includes(name) || name.startsWith(hugePages);
    return isStandard ? errors : [...errors, invalid(field, name, 'must be a standard resource for containers')];
  }
  const isExtended = isNative(name) || isExtendedResource(name);
  return isExtended ? errors : [...errors, invalid(field, name, "doesn't follow extended resource name standard")];
}

function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

/** What a node's devices are asked for by; a quota must be able to name it. */
export function isExtendedResource(name: string): boolean {
  return !isNative(name) && !name.startsWith('requests.') && qualified(`requests.${name}`).length === 0;
}

/** The same for a pod as a whole, which has cpu, memory and huge pages only. */
export function podResourceName(name: string, field: string): FieldError[] {
  const errors = resourceName(name, field);
  if (errors.length > 0 || isPodLevelResource(name)) return errors;
  return [notSupported(field, name, ['cpu', hugePages, 'memory'])];
}

export function isPodLevelResource(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith(hugePages);
}

function resourceAmount(name: string, amount: string, field: string): FieldError[] {
  const errors = quantity(amount, field);
  if (!isQuantity(amount)) return errors;
  const parsed = parseQuantity(amount);
  // Beyond what 64 bits hold of thousandths, Go sees the largest number, which is no whole one.
  const isWhole = parsed.nanos % 1_000_000_000n === 0n && parsed.nanos / 1_000_000n <= 2n ** 63n - 1n;
  if ((isExtendedResource(name) || countedResources.has(name)) && !isWhole) errors.push(invalid(field, amount, 'must be an integer'));
  return [...errors, ...wholePages(name, amount, field)];
}

function wholePages(name: string, amount: string, field: string): FieldError[] {
  const size = name.startsWith(hugePages) ? name.slice(hugePages.length) : undefined;
  if (size === undefined) return [];
  const [bytes, page] = [parseQuantity(amount).value(), isQuantity(size) ? parseQuantity(size).value() : 0];
  return page > 0 && bytes % page === 0 ? [] : [invalid(field, amount, `${amount} is not positive integer multiple of ${name}`)];
}

/** Limits and requests of one container, or of a pod. */
export function resourceRequirements(
  resources: ResourceRequirements | undefined,
  field: string,
  nameErrors: (name: string, field: string) => FieldError[] = containerResourceName,
): FieldError[] {
  const limits = resources?.limits ?? {};
  const requests = resources?.requests ?? {};
  const errors: FieldError[] = [];
  for (const [name, amount] of Object.entries(limits)) {
    const path = `${field}.limits[${name}]`;
    errors.push(...nameErrors(name, path), ...resourceAmount(name, amount, path));
  }
  for (const [name, amount] of Object.entries(requests)) {
    const path = `${field}.requests[${name}]`;
    errors.push(...nameErrors(name, path), ...resourceAmount(name, amount, path), ...underLimit(name, amount, limits[name], field));
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some((name) => name.startsWith(hugePages)) && !names.some((name) => name === 'cpu' || name === 'memory')) {
    errors.push(forbidden(field, 'HugePages require cpu or memory'));
  }
  return errors;
}

function underLimit(name: string, amount: string, limit: string | undefined, field: string): FieldError[] {
  if (limit === undefined)
    return mayOvercommit(name) ? [] : [required(`${field}.limits`, 'Limit must be set for non overcommitable resources')];
  if (!isQuantity(amount) || !isQuantity(limit)) return [];
  const compared = compareQuantities(amount, limit);
  if (mayOvercommit(name) ? compared <= 0 : compared === 0) return [];
  const relation = mayOvercommit(name) ? 'less than or equal to' : 'equal to';
  return [invalid(`${field}.requests`, amount, `must be ${relation} ${name} limit of ${limit}`)];
}

/** What a resize in place does to a container, resource by resource. */
export function resizePolicy(list: ContainerResizePolicy[] | undefined, { restartPolicy }: PodSpec, field: string): FieldError[] {
  const seen = new Set<string>();
  return each(list, field, (policy, path) => {
    const errors = seen.has(policy.resourceName) ? [duplicate(path, policy.resourceName)] : [];
    seen.add(policy.resourceName);
    errors.push(...oneOf(field, policy.resourceName, ['cpu', 'memory']));
    errors.push(...oneOf(field, policy.restartPolicy, ['NotRequired', 'RestartContainer']));
    if (restartPolicy === 'Never' && policy.restartPolicy !== 'NotRequired') {
      errors.push(invalid(field, policy.restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'"));
    }
    return errors;
  });
}
