// Nodes: taints, addresses of their pods, and what they say of themselves.
import type { Node, Taint } from '../generated/core-v1.types.ts';
import { duplicate, each, type FieldError, forbidden, invalid, invalidAll, oneOf, shown } from './errors.ts';
import { isIPv6 } from './ip.ts';
import { legacyCidr } from './legacy-ip.ts';
import { labelValue, qualified } from './names.ts';
import { resourceAmount } from './resource-quota.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const featureSegment = '([A-Z][A-Za-z0-9]*)';
const featureNameMax = 253;
const featurePattern = new RegExp(`^${featureSegment}(/[A-Za-z0-9]+)*$`);

export function validateNodeSpec(node: Node): FieldError[] {
  return [...taints(node.spec?.taints), ...validateNodeStatus(node), ...podCidrs(node.spec?.podCIDRs ?? [])];
}

/** Kubernetes looks for them where they were once: in annotations. */
function taints(list: Taint[] | undefined): FieldError[] {
  const seen = new Set<string>();
  return each(list, 'metadata.taints', (taint, path) => {
    const { key = '', value = '', effect } = taint;
    const valueReasons = labelValue(value);
    const errors = invalidAll(`${path}.key`, key, qualified(key));
    if (valueReasons.length > 0) errors.push(invalid(`${path}.value`, value, valueReasons.join(';')));
    errors.push(...oneOf(`${path}.effect`, effect, effects));
    const identity = `${key}:${effect}`;
    if (seen.has(identity))
      errors.push({ ...duplicate(path, shown('core.v1.Taint', taint)), detail: 'taints must be unique by key and effect pair' });
    seen.add(identity);
    return errors;
  });
}

function podCidrs(ranges: string[]): FieldError[] {
  const field = 'spec.podCIDRs';
  const errors = each(ranges, field, (range, path) => legacyCidr(range, path));
  if (ranges.length < 2) return errors;
  const families = new Set(ranges.map((range) => isIPv6(range.split('/')[0] ?? '')));
  const unreadable = ranges.findIndex((range) => legacyCidr(range, field).length > 0);
  if (unreadable >= 0) {
    const why = `invalid CIDR[${unreadable}]: <nil> (invalid CIDR address: ${ranges[unreadable]})`;
    const detail = `invalid PodCIDRs. failed to check with dual stack with error:${why}`;
    errors.push({ type: 'Internal', field, detail });
  }
  const isDualStack = unreadable < 0 && families.size === 2;
  return isDualStack && ranges.length === 2
    ? errors
    : [...errors, invalid(field, ranges, 'may specify no more than one CIDR for each IP family')];
}

/** What a node has, and can do. */
export function validateNodeStatus({ status = {} }: Node): FieldError[] {
  const amounts = (['capacity', 'allocatable'] as const).flatMap((list) =>
    Object.entries(status[list] ?? {}).flatMap(([name, amount]) => resourceAmount(name, amount, `status.${list}.${name}`)),
  );
  return [...amounts, ...declaredFeatures(status.declaredFeatures ?? [])];
}

function declaredFeatures(names: string[]): FieldError[] {
  return each(names, 'status.declaredFeatures', (name, path, index) => {
    const before = names[index - 1];
    const errors = declaredFeature(name, path);
    if (before === name) errors.push(duplicate(path, name));
    else if (before !== undefined && before > name) errors.push(invalid(path, name, 'list must be sorted alphabetically'));
    return errors;
  });
}

function declaredFeature(name: string, field: string): FieldError[] {
  const rule =
    "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes";
  const reason =
    name.length > featureNameMax ? `must be no more than ${featureNameMax} characters` : featurePattern.test(name) ? undefined : rule;
  return reason === undefined ? [] : [invalid(field, name, `invalid feature name ${JSON.stringify(name)}: ${reason}`)];
}

/** Addresses of a node's pods are handed out once: pods already carry them. */
export function validateNodeUpdate(next: Node, old: Node): FieldError[] {
  const errors: FieldError[] = [];
  const [before, after] = [old.spec?.podCIDRs ?? [], next.spec?.podCIDRs ?? []];
  if (before.length > 0 && before.join() !== after.join())
    errors.push(forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'));
  if (old.spec?.providerID && old.spec.providerID !== next.spec?.providerID) {
    errors.push(forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'));
  }
  if ((next.spec?.externalID ?? '') !== (old.spec?.externalID ?? '')) errors.push(forbidden('spec.externalID', 'may not be updated'));
  return errors;
}

export function validateNodeStatusUpdate(next: Node): FieldError[] {
  const seen = new Set<string>();
  const addresses = each(next.status?.addresses, 'status.addresses', (address, path) => {
    const identity = JSON.stringify([address.type, address.address]);
    const isRepeated = seen.has(identity);
    seen.add(identity);
    return isRepeated ? [duplicate(path, shown('core.v1.NodeAddress', address))] : [];
  });
  return [...validateNodeStatus(next), ...addresses];
}

/** The first of a node's ranges stands by itself, too, and where the two differ it is the one that counts. */
export function alignPodCidrs({ spec }: Node): void {
  if (!spec) return;
  const { podCIDR, podCIDRs = [] } = spec;
  if (podCIDR && podCIDR !== podCIDRs[0]) spec.podCIDRs = [podCIDR];
  if (spec.podCIDRs?.[0]) spec.podCIDR = spec.podCIDRs[0];
}
