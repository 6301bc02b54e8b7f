// Claims to devices: those that a pod names, and which of them its containers use.
import type { PodSpec, ResourceRequirements } from '../generated/core-v1.types.ts';
import { duplicate, each, type FieldError, invalid, invalidAll, notFound, required, shown } from './errors.ts';
import { dnsLabel, dnsSubdomain } from './names.ts';

export function podResourceClaims({ resourceClaims }: PodSpec, field: string): FieldError[] {
  const seen = new Set<string>();
  return each(resourceClaims, field, (claim, path) => {
    const { name = '', resourceClaimName: given, resourceClaimTemplateName: template } = claim;
    const errors: FieldError[] = [];
    if (!name) errors.push(required(`${path}.name`));
    else if (seen.has(name)) errors.push(duplicate(`${path}.name`, name));
    else errors.push(...invalidAll(`${path}.name`, name, dnsLabel(name)));
    seen.add(name);
    const value = () => shown('core.v1.PodResourceClaim', claim);
    if (given !== undefined && template !== undefined)
      errors.push(invalid(path, value(), 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'));
    if (given === undefined && template === undefined)
      errors.push(invalid(path, value(), 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'));
    if (given !== undefined) errors.push(...invalidAll(`${path}.resourceClaimName`, given, dnsSubdomain(given)));
    if (template !== undefined) errors.push(...invalidAll(`${path}.resourceClaimTemplateName`, template, dnsSubdomain(template)));
    return errors;
  });
}

/** A claim is used as a whole once, or request by request. */
export function claimsOf(resources: ResourceRequirements | undefined, { resourceClaims = [] }: PodSpec, field: string): FieldError[] {
  const known = [...new Set(resourceClaims.map(({ name }) => name).filter(Boolean))].sort();
  const used = new Set<string>();
  return each(resources?.claims, field, ({ name = '', request = '' }, path) => {
    if (!name) return [required(path)];
    const errors: FieldError[] = [];
    const key = request ? `${name}/${request}` : name;
    if (used.has(name)) errors.push(duplicate(path, name));
    else {
      if (request) errors.push(...invalidAll(`${path}.request`, request, dnsLabel(request)));
      if (used.has(key)) errors.push(duplicate(path, key));
      else if (!request) errors.push(...[...used].filter((other) => other.startsWith(`${name}/`)).map(() => duplicate(path, name)));
      used.add(key);
    }
    if (!known.includes(name)) errors.push({ ...notFound(path, name), detail: unknownClaim(known) });
    return errors;
  });
}

function unknownClaim(known: string[]): string {
  const rule = 'must be one of the names in pod.spec.resourceClaims';
  return known.length === 0 ? `${rule} which is empty` : `${rule}: ${known.join(', ')}`;
}
