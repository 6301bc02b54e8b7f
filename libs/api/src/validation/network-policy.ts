// Network policies, and the addresses and ranges of services.
import { asGoStruct, wasGivenEmpty } from '@berth/machinery';
import type {
  IPAddress,
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  ServiceCIDR,
} from '../generated/networking-v1.types.ts';
import { schemas } from '../schemas.ts';
import { isEqual } from './changes.ts';
import { canonicalAddress, isStrictSubset, parseCidr, rangeText } from './cidr.ts';
import { each, type FieldError, forbidden, immutable, invalid, invalidAll, notSupported, required } from './errors.ts';
import { ipAddress } from './ip.ts';
import { labelSelector } from './labels.ts';
import { legacyCidr, plainCidr } from './legacy-ip.ts';
import { dnsSubdomain, type NameCheck, pathSegment, portName, portNumber } from './names.ts';

export function validateNetworkPolicySpec({ spec }: NetworkPolicy): FieldError[] {
  const types = spec?.policyTypes ?? [];
  const errors = labelSelector(spec?.podSelector, 'spec.podSelector');
  for (const [field, peers] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const) {
    const rules: { ports?: NetworkPolicyPort[]; from?: NetworkPolicyPeer[]; to?: NetworkPolicyPeer[] }[] = spec?.[field] ?? [];
    errors.push(
      ...each(rules, `spec.${field}`, (rule, path) => [
        ...each(rule.ports, `${path}.ports`, port),
        ...each(rule[peers], `${path}.${peers}`, peer),
      ]),
    );
  }
  if (types.length > 2) return [...errors, invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')];
  const known = ['Ingress', 'Egress'];
  return [...errors, ...each(types, 'spec.policyTypes', (type, path) => (known.includes(type) ? [] : [notSupported(path, type, known)]))];
}

function port({ protocol, port: given, endPort }: NetworkPolicyPort, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const protocols = ['TCP', 'UDP', 'SCTP'];
  const end = `${field}.endPort`;
  if (protocol !== undefined && !protocols.includes(protocol)) errors.push(notSupported(`${field}.protocol`, protocol, protocols));
  if (given === undefined) {
    if (endPort !== undefined) errors.push(invalid(end, endPort, 'may not be specified when `port` is not specified'));
  } else if (typeof given === 'number') {
    errors.push(...invalidAll(`${field}.port`, given, portNumber(given)));
    // Kubernetes shows the port.
    if (endPort !== undefined && endPort < given) errors.push(invalid(end, given, 'must be greater than or equal to `port`'));
    if (endPort !== undefined) errors.push(...invalidAll(end, endPort, portNumber(endPort)));
  } else {
    if (endPort !== undefined) errors.push(invalid(end, endPort, 'may not be specified when `port` is non-numeric'));
    errors.push(...invalidAll(`${field}.port`, given, portName(given)));
  }
  return errors;
}

function peer({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, field: string): FieldError[] {
  const errors = [...labelSelector(podSelector, `${field}.podSelector`), ...labelSelector(namespaceSelector, `${field}.namespaceSelector`)];
  if (ipBlock) errors.push(...block(ipBlock, `${field}.ipBlock`));
  const selects = podSelector || namespaceSelector;
  if (!selects && !ipBlock) errors.push(required(field, 'must specify a peer'));
  if (selects && ipBlock) errors.push(forbidden(field, 'may not specify both ipBlock and another peer'));
  return errors;
}

function block({ cidr: given, except }: IPBlock, field: string): FieldError[] {
  if (!given) return [required(`${field}.cidr`)];
  const whole = parseCidr(plainCidr(given));
  if (!whole) return legacyCidr(given, `${field}.cidr`);
  return each(except, `${field}.except`, (text, path) => {
    const part = parseCidr(plainCidr(text));
    if (!part) return legacyCidr(text, path);
    return isStrictSubset(part, whole) ? [] : [invalid(path, text, 'must be a strict subset of `cidr`')];
  });
}

/** An IPAddress is called by the address that it holds, in the one way to write it. */
export const addressName: NameCheck = (text) => {
  const reasons = ipAddress(text);
  if (reasons.length > 0) return reasons;
  const canonical = canonicalAddress(text);
  return canonical === text ? [] : [`must be in canonical form ("${canonical}")`];
};

export function validateIPAddressSpec({ spec }: IPAddress): FieldError[] {
  const field = 'spec.parentRef';
  const parent = spec?.parentRef;
  if (!parent) return [required(field)];
  const { group, resource, namespace, name } = parent;
  return [
    ...(group ? invalidAll(`${field}.group`, group, dnsSubdomain(group)) : []),
    ...(resource ? invalidAll(`${field}.resource`, resource, pathSegment(resource)) : [required(`${field}.resource`)]),
    ...(name ? invalidAll(`${field}.name`, name, pathSegment(name)) : [required(`${field}.name`)]),
    ...(namespace ? invalidAll(`${field}.namespace`, namespace, pathSegment(namespace)) : []),
  ];
}

export function validateIPAddressUpdate(next: IPAddress, old: IPAddress): FieldError[] {
  return isEqual(next.spec?.parentRef, old.spec?.parentRef)
    ? []
    : [invalid('spec.parentRef', asGoStruct(schemas.message('networking.v1.ParentReference'), next.spec?.parentRef), immutable)];
}

/** In the one way to write it. */
function canonicalCidr(text: string, field: string): FieldError[] {
  const errors = legacyCidr(text, field);
  if (errors.length > 0) return errors;
  if (!parseCidr(text)) return [invalid(field, text, 'must not have leading 0s in IP or prefix length')];
  const [address = '', bits = ''] = text.split('/');
  const canonical = rangeText({ address, prefixBits: Number(bits) });
  if (`${canonicalAddress(address)}/${bits}` !== canonical)
    return [invalid(field, text, 'must not have bits set beyond the prefix length')];
  return text === canonical ? [] : [invalid(field, text, `must be in canonical form (${JSON.stringify(canonical)})`)];
}

export function validateServiceCidrSpec({ spec }: ServiceCIDR): FieldError[] {
  const cidrs = spec?.cidrs ?? [];
  if (cidrs.length === 0) return [required('spec.cidrs', 'at least one CIDR required')];
  if (cidrs.length > 2)
    return [invalid('spec.cidrs', asGoStruct(schemas.message('networking.v1.ServiceCIDRSpec'), spec), 'may only hold up to 2 values')];
  const errors = each(cidrs, 'spec.cidrs', canonicalCidr);
  if (cidrs.length < 2 || cidrs.some((text) => legacyCidr(text, '').length > 0)) return errors;
  const rule = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
  const [one, other] = cidrs.map((text) => text.includes(':'));
  return one === other ? [...errors, invalid('spec.cidrs', cidrs, rule)] : errors;
}

/** A second family may join; what addresses were taken from stays. */
export function validateServiceCidrUpdate(next: ServiceCIDR, old: ServiceCIDR): FieldError[] {
  const before = old.spec?.cidrs ?? [];
  const after = next.spec?.cidrs ?? [];
  const isJoined = before.length === 1 && after.length === 2;
  if (!isJoined && before.length !== after.length)
    return [invalid('spec.cidrs', after.length > 0 ? after : wasGivenEmpty(next.spec ?? {}, 'cidrs') ? [] : null, immutable)];
  const changed = before.flatMap((cidr, index) =>
    after[index] === cidr ? [] : [invalid(`spec.cidrs[${index}]`, after[index], immutable)],
  );
  return isJoined ? [...changed, ...validateServiceCidrSpec(next)] : changed;
}
