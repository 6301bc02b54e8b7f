// How a service's cluster IPs, their families and its policy about families fit together, which Kubernetes looks at before it allocates
// addresses and again when it validates. Addresses of a cluster are of one family here, IPv4.
import type { Service } from '../generated/core-v1.types.ts';
import { duplicate, each, type FieldError, invalid, invalidAll, notSupported, required } from '../validation/errors.ts';
import { ipAddress, isIPv6 } from '../validation/ip.ts';

const families = ['IPv4', 'IPv6'];
const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const family = 'IPv4';

export function isHeadless({ spec }: Service): boolean {
  return spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None';
}

/** @param old whose addresses may stay as they are */
export function clusterIpErrors(service: Service, old?: Service): FieldError[] {
  const { spec } = service;
  if (spec.type === 'ExternalName') return [];
  const { clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec;
  const errors = [...singular(service), ...familyErrors(ipFamilies)];
  if (ipFamilyPolicy !== undefined && !policies.includes(ipFamilyPolicy))
    errors.push(notSupported('spec.ipFamilyPolicy', ipFamilyPolicy, policies));
  const addresses = addressErrors(clusterIPs, old?.spec.clusterIPs ?? []);
  const isTooMany = clusterIPs.length > 2 ? [invalid('spec.clusterIPs', clusterIPs, 'may only hold up to 2 values')] : [];
  errors.push(...addresses, ...isTooMany);
  // What is no address has no family.
  if (addresses.length > 0) return errors;
  if (clusterIPs.length > 1 && !isDualStack(clusterIPs))
    errors.push(invalid('spec.clusterIPs', clusterIPs, 'may specify no more than one IP for each IP family'));
  return isHeadless(service) ? errors : [...errors, ...mismatches(clusterIPs, ipFamilies)];
}

/** `clusterIP` is the first of `clusterIPs`. */
function singular({ spec: { clusterIP = '', clusterIPs = [] } }: Service): FieldError[] {
  const field = 'spec.clusterIPs';
  if (clusterIP === '') return clusterIPs.length > 0 ? [invalid(field, clusterIPs, 'must be empty when `clusterIP` is not specified')] : [];
  if (clusterIPs.length === 0) return [required(field)];
  return clusterIPs[0] === clusterIP ? [] : [invalid(field, clusterIPs, 'first value must match `clusterIP`')];
}

function familyErrors(list: string[]): FieldError[] {
  return each(list, 'spec.ipFamilies', (one, path, index) => [
    ...(families.includes(one) ? [] : [notSupported(path, one, families)]),
    ...(list.indexOf(one) < index ? [duplicate(path, one)] : []),
  ]);
}

function addressErrors(list: string[], known: string[]): FieldError[] {
  return each(list, 'spec.clusterIPs', (address, path, index) => {
    if (index === 0 && address === 'None')
      return list.length > 1 ? [invalid('spec.clusterIPs', list, "'None' must be the first and only value")] : [];
    return known.includes(address) ? [] : invalidAll(path, address, ipAddress(address));
  });
}

function isDualStack(addresses: string[]): boolean {
  const six = addresses.map((address) => isIPv6(address));
  return six.includes(true) && six.includes(false);
}

function mismatches(addresses: string[], given: string[]): FieldError[] {
  return each(addresses, 'spec.clusterIPs', (address, path, index) => {
    const wanted = given[index];
    const actual = address.includes(':') ? 'IPv6' : 'IPv4';
    if (wanted === undefined || !families.includes(wanted) || wanted === actual) return [];
    return [invalid(path, address, `expected an ${wanted} value as indicated by \`ipFamilies[${index}]\``)];
  });
}

/** Fills in what a service leaves out of its families and policy. @returns why it can be given no addresses; then nothing may be allocated */
export function settleFamilies(service: Service, old?: Service): FieldError[] {
  const { spec } = service;
  if (spec.type === 'ExternalName' || (old && prefersAsBefore(service, old))) return [];
  const isFree = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= old?.spec.ipFamilyPolicy ?? (isFree ? 'RequireDualStack' : 'SingleStack');
  const related = clusterIpErrors(service, old);
  if (related.length > 0) return related;
  const errors = [...(old ? reductions(service, old) : []), ...policyErrors(service), ...inferFamilies(service)];
  if (errors.length > 0) return errors;
  if (isFree) return settleHeadless(service);
  const unconfigured = each(spec.ipFamilies, 'spec.ipFamilies', (one, path) =>
    one === family ? [] : [invalid(path, one, 'not configured on this cluster')],
  );
  if (spec.ipFamilyPolicy === 'RequireDualStack')
    unconfigured.unshift(invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'));
  if (unconfigured.length === 0 && !spec.ipFamilies?.length) spec.ipFamilies = [family];
  return unconfigured;
}

/** Nobody routes to it, so that it may have both families, whichever the cluster has. */
function settleHeadless({ spec }: Service): FieldError[] {
  if (!spec.ipFamilies?.length) spec.ipFamilies = [family];
  const [first] = spec.ipFamilies;
  if (spec.ipFamilies.length < 2 && spec.ipFamilyPolicy !== 'SingleStack')
    spec.ipFamilies = [...spec.ipFamilies, first === 'IPv4' ? 'IPv6' : 'IPv4'];
  return [];
}

/** With one policy and the same addresses nothing is to be settled. */
function prefersAsBefore({ spec }: Service, { spec: old }: Service): boolean {
  const hasAddress = ['ClusterIP', 'NodePort', 'LoadBalancer'].includes(spec.type ?? '');
  const prefers = [spec.ipFamilyPolicy, old.ipFamilyPolicy ?? 'PreferDualStack'].every((policy) => policy === 'PreferDualStack');
  return (
    hasAddress && spec.type === old.type && prefers && isSame(spec.clusterIPs, old.clusterIPs) && isSame(spec.ipFamilies, old.ipFamilies)
  );
}

export function isSame(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** A second address or family is given up by saying so. Changes `next` where that was said. */
function reductions({ spec }: Service, { spec: old }: Service): FieldError[] {
  const field = 'spec.ipFamilyPolicy';
  const [addresses = [], formerAddresses = []] = [spec.clusterIPs, old.clusterIPs];
  const [given = [], former = []] = [spec.ipFamilies, old.ipFamilies];
  if (spec.ipFamilyPolicy === 'SingleStack') {
    if (isSame(addresses, formerAddresses) && addresses.length > 1) spec.clusterIPs = addresses.slice(0, 1);
    if (isSame(given, former) && given.length > 1) spec.ipFamilies = given.slice(0, 1);
    return [];
  }
  const isShorter = (list: string[], before: string[]) => list.length > 0 && list.length < before.length;
  return [
    ...(isShorter(addresses, formerAddresses)
      ? [invalid(field, spec.ipFamilyPolicy, "must be 'SingleStack' to release the secondary cluster IP")]
      : []),
    ...(isShorter(given, former) ? [invalid(field, spec.ipFamilyPolicy, "must be 'SingleStack' to release the secondary IP family")] : []),
  ];
}

function policyErrors({ spec: { ipFamilyPolicy, clusterIPs = [], ipFamilies = [] } }: Service): FieldError[] {
  if (ipFamilyPolicy !== 'SingleStack') return [];
  const detail = (what: string) => `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`;
  return [
    ...(clusterIPs.length === 2 ? [invalid('spec.ipFamilyPolicy', ipFamilyPolicy, detail('cluster IPs'))] : []),
    ...(ipFamilies.length === 2 ? [invalid('spec.ipFamilyPolicy', ipFamilyPolicy, detail('IP families'))] : []),
  ];
}

/** Addresses that are given say of which family they are. */
function inferFamilies({ spec }: Service): FieldError[] {
  const errors: FieldError[] = [];
  const given = [...(spec.ipFamilies ?? [])];
  const addresses = spec.clusterIPs ?? [];
  for (const [index, address] of addresses.entries()) {
    if (address === 'None') break;
    if (index < given.length) continue;
    if (address.includes(':')) errors.push(invalid(`spec.clusterIPs[${index}]`, addresses, 'IPv6 is not configured on this cluster'));
    else given.push(family);
  }
  if (given.length > 0) spec.ipFamilies = given;
  return errors;
}

/** The first address and family of a service stay while it has any. */
export function familyChangeErrors(next: Service, old: Service): FieldError[] {
  if (next.spec.type === 'ExternalName' || old.spec.type === 'ExternalName') return [];
  const [isNow, was] = [isHeadless(next), isHeadless(old)];
  return [...(isNow && was ? [] : addressChanges(next, old)), ...(isNow || was ? [] : familyChanges(next, old))];
}

const fixed = 'may not change once set';

function addressChanges({ spec }: Service, { spec: old }: Service): FieldError[] {
  const [after, before] = [spec.clusterIPs ?? [], old.clusterIPs ?? []];
  const field = (index: number) => `spec.clusterIPs[${index}]`;
  if (after.length === before.length)
    return before.flatMap((address, index) => (address === after[index] ? [] : [invalid(field(index), after, fixed)]));
  if (after.length > before.length) return before.length > 0 && after[0] !== before[0] ? [invalid(field(0), after, fixed)] : [];
  if (after.length === 0) return [invalid(field(0), spec.clusterIPs ?? null, 'primary clusterIP can not be unset')];
  return [
    ...(after[0] === before[0] ? [] : [invalid(field(0), after, fixed)]),
    ...released(spec, after.length, "must be set to 'SingleStack' when releasing the secondary clusterIP"),
  ];
}

function familyChanges({ spec }: Service, { spec: old }: Service): FieldError[] {
  const [after, before] = [spec.ipFamilies ?? [], old.ipFamilies ?? []];
  const field = 'spec.ipFamilies[0]';
  if (after.length === before.length) return before.flatMap((one, index) => (one === after[index] ? [] : [invalid(field, after, fixed)]));
  const isOther = after.length > 0 && before.length > 0 && after[0] !== before[0];
  const changed = isOther ? [invalid(field, spec.clusterIPs ?? null, fixed)] : [];
  if (after.length > before.length) return changed;
  return [
    ...(spec.clusterIPs?.length ? [] : [invalid(field, after, 'primary ipFamily can not be unset')]),
    ...changed,
    ...released(spec, after.length, "must be set to 'SingleStack' when releasing the secondary ipFamily"),
  ];
}

function released({ ipFamilyPolicy }: Service['spec'], left: number, detail: string): FieldError[] {
  if (left !== 1 || ipFamilyPolicy === 'SingleStack') return [];
  return [invalid('spec.ipFamilyPolicy', ipFamilyPolicy ?? null, detail)];
}
