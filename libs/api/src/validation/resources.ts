// Quantities of resources: that they parse, are not negative, and that requests fit under limits.
import { parseQuantity, isQuantity as parsesAsQuantity } from '@berth/machinery';
import type { ContainerResizePolicy, PodSpec, ResourceRequirements } from '../generated/core-v1.types.ts';
import { duplicate, each, type FieldError, invalid, invalidAll, notNegative, oneOf, required } from './errors.ts';
import { qualified } from './names.ts';

const quantityRule = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const standardContainerResources = ['cpu', 'memory', 'ephemeral-storage'];

/** Resources that may be overcommitted, so that a limit can exceed the request. */
export function mayOvercommit(resource: string): boolean {
  return !resource.includes('/') && !resource.startsWith('hugepages-');
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

export function containerResourceName(name: string, field: string): FieldError[] {
  const errors = invalidAll(field, name, qualified(name));
  if (errors.length > 0 || name.includes('/')) return errors;
  const standard = standardContainerResources.includes(name) || name.startsWith('hugepages-');
  return standard ? [] : [invalid(field, name, 'must be a standard resource for containers')];
}

export function resourceList(list: Record<string, string> | undefined, field: string): FieldError[] {
  return Object.entries(list ?? {}).flatMap(([name, amount]) => {
    const path = `${field}[${name}]`;
    const errors = [...containerResourceName(name, path), ...quantity(amount, path)];
    if (errors.length > 0) return errors;
    const isWhole = Number.isInteger(parseQuantity(amount).milliValue() / 1000);
    return name.includes('/') && !isWhole ? [invalid(path, amount, 'must be an integer')] : [];
  });
}

/** Limits and requests of one container. */
export function resourceRequirements(resources: ResourceRequirements | undefined, field: string): FieldError[] {
  const limits = resources?.limits ?? {};
  const requests = resources?.requests ?? {};
  const errors = [...resourceList(limits, `${field}.limits`), ...resourceList(requests, `${field}.requests`)];
  if (errors.length > 0) return errors;
  for (const [name, amount] of Object.entries(requests)) {
    const limit = limits[name];
    if (limit === undefined) {
      if (!mayOvercommit(name)) errors.push(required(`${field}.limits`, 'Limit must be set for non overcommitable resources'));
      continue;
    }
    const compared = compareQuantities(amount, limit);
    if (mayOvercommit(name) ? compared <= 0 : compared === 0) continue;
    const relation = mayOvercommit(name) ? 'less than or equal to' : 'equal to';
    errors.push(invalid(`${field}.requests`, amount, `must be ${relation} ${name} limit of ${limit}`));
  }
  return errors;
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
