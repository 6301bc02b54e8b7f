// Endpoints and endpoint slices: addresses that can be reached from elsewhere.
import type { Endpoints } from '../generated/core-v1.types.ts';
import type { EndpointSlice } from '../generated/discovery-v1.types.ts';
import { protocols } from './containers.ts';
import {
  duplicate,
  duplicates,
  each,
  type FieldError,
  immutable,
  invalid,
  invalidAll,
  notSupported,
  oneOf,
  required,
  tooMany,
} from './errors.ts';
import { ipAddress, isIPv4, isIPv6, nonSpecialIp } from './ip.ts';
import { dnsLabel, dnsSubdomain, inRange, portNumber } from './names.ts';

const addressesMax = 100;
const endpointsMax = 1000;
const portsMax = 20000;

function address(ip: string, field: string): FieldError[] {
  const reasons = ipAddress(ip);
  return invalidAll(field, ip, reasons.length > 0 ? reasons : nonSpecialIp(ip));
}

export function validateEndpointSubsets({ subsets }: Endpoints): FieldError[] {
  return each(subsets, 'subsets', (subset, path) => {
    const errors: FieldError[] = [];
    if (!subset.addresses?.length && !subset.notReadyAddresses?.length)
      errors.push(required(path, 'must specify `addresses` or `notReadyAddresses`'));
    for (const key of ['addresses', 'notReadyAddresses'] as const) {
      errors.push(
        ...each(subset[key], `${path}.${key}`, (entry, at) => [
          ...address(entry.ip ?? '', `${at}.ip`),
          ...(entry.hostname ? invalidAll(`${at}.hostname`, entry.hostname, dnsLabel(entry.hostname)) : []),
        ]),
      );
    }
    const isNameNeeded = (subset.ports?.length ?? 0) > 1;
    const ports = each(subset.ports, `${path}.ports`, (port, at) => [
      ...(port.name ? invalidAll(`${at}.name`, port.name, dnsLabel(port.name)) : isNameNeeded ? [required(`${at}.name`)] : []),
      ...invalidAll(`${at}.port`, port.port ?? 0, portNumber(port.port ?? 0)),
      ...oneOf(`${at}.protocol`, port.protocol, protocols),
    ]);
    return [...errors, ...ports];
  });
}

export function validateSliceFields(slice: EndpointSlice): FieldError[] {
  const type = slice.addressType;
  const errors = oneOf('addressType', type, ['FQDN', 'IPv4', 'IPv6']);
  const count = slice.endpoints?.length ?? 0;
  if (count > endpointsMax) return [...errors, tooMany('endpoints', count, endpointsMax)];
  errors.push(
    ...each(slice.endpoints, 'endpoints', (endpoint, path) => {
      const list = endpoint.addresses ?? [];
      if (list.length === 0) return [required(`${path}.addresses`, 'must contain at least 1 address')];
      if (list.length > addressesMax) return [tooMany(`${path}.addresses`, list.length, addressesMax)];
      return each(list, `${path}.addresses`, (entry, at) => sliceAddress(entry, type, at));
    }),
  );
  const ports = slice.ports ?? [];
  if (ports.length > portsMax) return [...errors, tooMany('ports', ports.length, portsMax)];
  return [
    ...errors,
    ...each(ports, 'ports', (port, path) => [
      ...(port.name ? invalidAll(`${path}.name`, port.name, dnsLabel(port.name)) : []),
      ...(port.port === undefined ? [] : invalidAll(`${path}.port`, port.port, inRange(port.port, 0, 65535))),
      ...(port.protocol && !protocols.includes(port.protocol) ? [notSupported(`${path}.protocol`, port.protocol, protocols)] : []),
    ]),
    ...duplicates(
      ports,
      (port) => `name ${port.name ?? ''}`,
      (index, port) => duplicate(`ports[${index}].name`, port.name ?? ''),
    ),
  ];
}

function sliceAddress(entry: string, type: string | undefined, field: string): FieldError[] {
  if (type === 'FQDN') return invalidAll(field, entry, dnsSubdomain(entry));
  if (type === 'IPv4' && !isIPv4(entry)) return [invalid(field, entry, 'must be a valid IPv4 address')];
  if (type === 'IPv6' && !isIPv6(entry)) return [invalid(field, entry, 'must be a valid IPv6 address')];
  return invalidAll(field, entry, nonSpecialIp(entry));
}

export function validateSliceUpdate(next: EndpointSlice, old: EndpointSlice): FieldError[] {
  return next.addressType === old.addressType ? [] : [invalid('addressType', next.addressType, immutable)];
}
