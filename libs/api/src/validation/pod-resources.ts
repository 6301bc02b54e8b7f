// Resources of a pod as a whole: cpu, memory and huge pages, with requests that hold what its containers request together and
// limits that no container exceeds.
import type { PodSpec, ResourceRequirements } from '../generated/core-v1.types.ts';
import { containerTotals } from '../quota/amounts.ts';
import { type FieldError, forbidden, invalid } from './errors.ts';
import { claimsOf } from './resource-claims.ts';
import { compareQuantities, isQuantity, podResourceName, resourceRequirements } from './resources.ts';

export function podResources(spec: PodSpec, field: string): FieldError[] {
  const { resources } = spec;
  if (!resources) return [];
  const path = `${field}.resources`;
  if (spec.os?.name === 'windows') return [forbidden(path, 'may not be set for a windows pod')];
  const errors = resources.claims ? [forbidden(`${path}.claims`, 'claims may not be set for Resources at pod-level')] : [];
  return [
    ...errors,
    ...resourceRequirements(resources, path, podResourceName),
    ...claimsOf(resources, spec, `${path}.claims`),
    ...consistency(spec, resources, path),
  ];
}

function consistency(spec: PodSpec, resources: ResourceRequirements, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, sum] of containerTotals(spec, 'requests')) {
    const given = resources.requests?.[name];
    if (!isQuantity(given) || compareQuantities(sum.toString(), given) <= 0) continue;
    const detail = `must be greater than or equal to aggregate container requests of ${sum}`;
    errors.push(invalid(`${field}.requests[${name}]`, given, detail));
  }
  for (const [name, sum] of containerTotals(spec, 'limits')) {
    const given = resources.limits?.[name];
    if (!name.startsWith('hugepages-') || !isQuantity(given) || compareQuantities(sum.toString(), given) <= 0) continue;
    errors.push(invalid(`${field}.limits[${name}]`, given, `must be greater than or equal to aggregate container limits of ${sum}`));
  }
  for (const [index, container] of (spec.containers ?? []).entries()) {
    for (const [name, limit] of Object.entries(container.resources?.limits ?? {})) {
      const given = resources.limits?.[name];
      if (!isQuantity(given) || !isQuantity(limit) || compareQuantities(limit, given) <= 0) continue;
      const path = `${field}.containers[${index}][${name}].limits`;
      errors.push(invalid(path, limit, `must be less than or equal to pod limits of ${given}`));
    }
  }
  return errors;
}
