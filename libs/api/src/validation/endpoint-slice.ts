// Endpoint slices: addresses of one family, or names, with where each of them is and for whom it is meant.
import type { Endpoint, EndpointHints, EndpointPort, EndpointSlice } from '../generated/discovery-v1.types.ts';
import { isEqual } from './changes.ts';
import { canonicalAddress } from './cidr.ts';
import { protocols } from './containers.ts';
import { appProtocol, nodeName } from './endpoints.ts';
import { duplicate, each, type FieldError, immutable, invalid, invalidAll, notSupported, oneOf, required, tooMany } from './errors.ts';
import { ipAddress, isIPv4, isIPv6, nonSpecialIp } from './ip.ts';
import { labels } from './labels.ts';
import { dnsLabel, dnsSubdomain, labelValue } from './names.ts';

const addressesMax = 100;
const endpointsMax = 1000;
const portsMax = 20000;
const topologyLabelsMax = 16;
const hintsMax = 8;

export function validateSliceFields(slice: EndpointSlice, old?: EndpointSlice): FieldError[] {
  // What was taken long ago, by other rules, may stay.
  const isAsBefore = old !== undefined && isEqual(old.endpoints, slice.endpoints);
  return [
    ...oneOf('addressType', slice.addressType, ['FQDN', 'IPv4', 'IPv6']),
    ...ports(slice.ports ?? []),
    ...(isAsBefore ? [] : endpoints(slice.endpoints ?? [], slice.addressType)),
  ];
}

function endpoints(list: Endpoint[], type: string | undefined): FieldError[] {
  if (list.length > endpointsMax) return [tooMany('endpoints', list.length, endpointsMax)];
  return each(list, 'endpoints', (endpoint, path) => [
    ...addresses(endpoint.addresses ?? [], type, `${path}.addresses`),
    ...nodeName(endpoint.nodeName, `${path}.nodeName`),
    ...topology(endpoint.deprecatedTopology, `${path}.deprecatedTopology`),
    ...(endpoint.hostname === undefined ? [] : invalidAll(`${path}.hostname`, endpoint.hostname, dnsLabel(endpoint.hostname))),
    ...hints(endpoint.hints ?? {}, `${path}.hints`),
  ]);
}

function addresses(list: string[], type: string | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (list.length === 0) errors.push(required(field, 'must contain at least 1 address'));
  else if (list.length > addressesMax) errors.push(tooMany(field, list.length, addressesMax));
  return [...errors, ...each(list, field, (entry, at) => address(entry, type, field, at))];
}

/** Types that nobody knows are refused elsewhere. */
function address(entry: string, type: string | undefined, list: string, field: string): FieldError[] {
  if (type === 'FQDN') return domainName(entry, field);
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  const reasons = ipAddress(entry);
  if (reasons.length > 0) return invalidAll(field, entry, reasons);
  const isOfFamily = type === 'IPv4' ? isIPv4(entry) : isIPv6(entry);
  const isCanonical = type === 'IPv4' || canonicalAddress(entry) === entry;
  if (!isCanonical) return [invalid(field, entry, `must be in canonical form (${JSON.stringify(canonicalAddress(entry))})`)];
  const family = isOfFamily ? [] : [invalid(list, entry, `must be an ${type} address`)];
  return [...family, ...invalidAll(field, entry, nonSpecialIp(entry))];
}

/** A name of at least two labels, and maybe a dot behind them. */
function domainName(entry: string, field: string): FieldError[] {
  if (entry === '') return [required(field)];
  const name = entry.replace(/\.$/, '');
  const reasons = dnsSubdomain(name);
  if (reasons.length > 0) return [invalid(field, name, reasons.join(','))];
  const segments = name.split('.');
  if (segments.length < 2) return [invalid(field, name, 'should be a domain with at least two segments separated by dots')];
  return segments.flatMap((label) => {
    const wrong = dnsLabel(label);
    return wrong.length > 0 ? [invalid(field, label, wrong.join(','))] : [];
  });
}

function topology(values: Record<string, string> | undefined, field: string): FieldError[] {
  const count = Object.keys(values ?? {}).length;
  return [...(count > topologyLabelsMax ? [tooMany(field, count, topologyLabelsMax)] : []), ...labels(values, field)];
}

function hints({ forZones = [], forNodes = [] }: EndpointHints, field: string): FieldError[] {
  return [
    ...named(forZones, `${field}.forZones`, labelValue),
    ...(forZones.length > hintsMax ? [] : named(forNodes, `${field}.forNodes`, dnsSubdomain)),
  ];
}

function named(list: { name: string }[], field: string, check: (name: string) => string[]): FieldError[] {
  if (list.length > hintsMax) return [tooMany(field, list.length, hintsMax)];
  const seen = new Set<string>();
  return each(list, field, ({ name = '' }, path) => {
    const isRepeated = seen.has(name);
    seen.add(name);
    return [...(isRepeated ? [duplicate(`${path}.name`, name)] : []), ...invalidAll(`${path}.name`, name, check(name))];
  });
}

function ports(list: EndpointPort[]): FieldError[] {
  if (list.length > portsMax) return [tooMany('ports', list.length, portsMax)];
  const seen = new Set<string>();
  return each(list, 'ports', (port, path) => {
    const { name = '', protocol = 'TCP' } = port;
    const errors = name ? invalidAll(`${path}.name`, name, dnsLabel(name)) : [];
    if (seen.has(name)) errors.push(duplicate(`${path}.name`, name));
    seen.add(name);
    if (!protocols.includes(protocol)) errors.push(notSupported(`${path}.protocol`, protocol, protocols));
    return [...errors, ...appProtocol(port.appProtocol, `${path}.appProtocol`)];
  });
}

export function validateSliceUpdate(next: EndpointSlice, old: EndpointSlice): FieldError[] {
  return next.addressType === old.addressType ? [] : [invalid('addressType', next.addressType, immutable)];
}
