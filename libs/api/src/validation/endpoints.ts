// Endpoints: addresses that can be reached from elsewhere.
import type { Endpoints } from '../generated/core-v1.types.ts';
import { protocols } from './containers.ts';
import { each, type FieldError, invalidAll, oneOf, required } from './errors.ts';
import { ipAddress, nonSpecialIp } from './ip.ts';
import { dnsLabel, dnsSubdomain, portNumber, qualified } from './names.ts';

/** What is no address is told twice, by the rule for addresses and by that for endpoints. */
function address(ip: string, field: string): FieldError[] {
  const reasons = ipAddress(ip);
  return invalidAll(field, ip, reasons.length > 0 ? [...reasons, 'must be a valid IP address'] : nonSpecialIp(ip));
}

export function nodeName(name: string | undefined, field: string): FieldError[] {
  return name === undefined ? [] : invalidAll(field, name, dnsSubdomain(name));
}

export function appProtocol(name: string | undefined, field: string): FieldError[] {
  return name === undefined ? [] : invalidAll(field, name, qualified(name));
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
          ...nodeName(entry.nodeName, `${at}.nodeName`),
        ]),
      );
    }
    const isNameNeeded = (subset.ports?.length ?? 0) > 1;
    const ports = each(subset.ports, `${path}.ports`, (port, at) => [
      ...(port.name ? invalidAll(`${at}.name`, port.name, dnsLabel(port.name)) : isNameNeeded ? [required(`${at}.name`)] : []),
      ...invalidAll(`${at}.port`, port.port ?? 0, portNumber(port.port ?? 0)),
      ...oneOf(`${at}.protocol`, port.protocol, protocols),
      ...appProtocol(port.appProtocol, `${at}.appProtocol`),
    ]);
    return [...errors, ...ports];
  });
}
