// Services: what each type needs and refuses, and what stays once it was allocated.

import { isNodePortType } from '../defaults/service.ts';
import type { Service, ServicePort, ServiceSpec } from '../generated/core-v1.types.ts';
import { clusterIpErrors, isHeadless } from '../service-addresses/families.ts';
import { protocols } from './containers.ts';
import {
  duplicate,
  duplicates,
  each,
  type FieldError,
  forbidden,
  invalid,
  invalidAll,
  notSupported,
  oneOf,
  optionalOneOf,
  required,
  shown,
} from './errors.ts';
import { nonSpecialIp } from './ip.ts';
import { labels } from './labels.ts';
import { legacyAddress } from './legacy-ip.ts';
import { dnsLabel, dnsSubdomain, portNumber, portNumberOrName, qualified } from './names.ts';
import { balancing } from './service-balancing.ts';

/** @param old what it replaces */
export function validateServiceSpec(service: Service, old?: Service): FieldError[] {
  const { spec } = service;
  const headless = isHeadless(service);
  const errors: FieldError[] = [];
  if (!spec.ports?.length && !headless && spec.type !== 'ExternalName') errors.push(required('spec.ports'));
  if (headless && isNodePortType(spec))
    errors.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`));
  errors.push(...ports(spec), ...labels(spec.selector, 'spec.selector'));
  errors.push(...oneOf('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']), ...affinityTimeout(spec));
  errors.push(...oneOf('spec.type', spec.type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']));
  errors.push(...clusterIpErrors(service, old), ...traffic(spec));
  errors.push(
    ...each(spec.externalIPs, 'spec.externalIPs', (ip, path) => {
      const errors = old?.spec.externalIPs?.includes(ip) ? [] : legacyAddress(ip, path);
      return errors.length > 0 ? errors : invalidAll(path, ip, nonSpecialIp(ip));
    }),
  );
  if (spec.type === 'ExternalName') {
    errors.push(...withoutAddresses(spec));
    const name = (spec.externalName ?? '').replace(/\.$/, '');
    errors.push(...(name ? invalidAll('spec.externalName', name, dnsSubdomain(name)) : [required('spec.externalName')]));
  }
  return [...errors, ...balancing(service, old)];
}

function ports(spec: ServiceSpec): FieldError[] {
  const list = spec.ports ?? [];
  return [
    ...each(list, 'spec.ports', (port, path) => portErrors(port, spec, path)),
    ...duplicates(
      list,
      (port) => port.name ?? '',
      (index, port) => duplicate(`spec.ports[${index}].name`, port.name),
    ),
    ...duplicates(
      list,
      (port) => `${port.protocol}/${port.port}`,
      (index, { protocol, port }) => duplicate(`spec.ports[${index}]`, shown('core.v1.ServicePort', { protocol, port })),
    ),
    ...duplicates(
      list,
      (port) => (port.nodePort ? `${port.protocol}/${port.nodePort}` : ''),
      (index, port) => duplicate(`spec.ports[${index}].nodePort`, port.nodePort),
    ),
  ];
}

function portErrors(port: ServicePort, spec: ServiceSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (port.name) errors.push(...invalidAll(`${path}.name`, port.name, dnsLabel(port.name)));
  else if ((spec.ports?.length ?? 0) > 1) errors.push(required(`${path}.name`));
  errors.push(
    ...invalidAll(`${path}.port`, port.port ?? 0, portNumber(port.port ?? 0)),
    ...oneOf(`${path}.protocol`, port.protocol, protocols),
  );
  if (port.targetPort !== undefined) errors.push(...invalidAll(`${path}.targetPort`, port.targetPort, portNumberOrName(port.targetPort)));
  if (port.appProtocol) errors.push(...invalidAll(`${path}.appProtocol`, port.appProtocol, qualified(port.appProtocol)));
  // Which node ports there are is the API's to know, which hands them out.
  if (port.nodePort && spec.type === 'ClusterIP') errors.push(forbidden(`${path}.nodePort`, "may not be used when `type` is 'ClusterIP'"));
  return errors;
}

function affinityTimeout(spec: ServiceSpec): FieldError[] {
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (spec.sessionAffinity !== 'ClientIP' || seconds === undefined || (seconds > 0 && seconds <= 86400)) return [];
  return [invalid('spec.sessionAffinityConfig.clientIP.timeoutSeconds', seconds, 'must be greater than 0 and less than 86400')];
}

function internalTraffic({ internalTrafficPolicy: policy }: ServiceSpec): FieldError[] {
  const policies = ['Cluster', 'Local'];
  return policy === undefined || policies.includes(policy) ? [] : [notSupported('spec.internalTrafficPolicy', policy, policies)];
}

/** A name elsewhere has neither addresses nor families. */
function withoutAddresses({ clusterIPs, ipFamilies, ipFamilyPolicy }: ServiceSpec): FieldError[] {
  const given = [
    ...(clusterIPs?.length ? ['clusterIPs'] : []),
    ...(ipFamilies?.length ? ['ipFamilies'] : []),
    ...(ipFamilyPolicy !== undefined ? ['ipFamilyPolicy'] : []),
  ];
  return given.map((name) => forbidden(`spec.${name}`, 'may not be set for ExternalName services'));
}

function traffic(spec: ServiceSpec): FieldError[] {
  const isExternal = isNodePortType(spec) || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);
  const field = 'spec.externalTrafficPolicy';
  const errors = internalTraffic(spec);
  if (isExternal) errors.push(...optionalOneOf(field, spec.externalTrafficPolicy, ['Cluster', 'Local']));
  else if (spec.externalTrafficPolicy)
    errors.push(invalid(field, spec.externalTrafficPolicy, 'may only be set for externally-accessible services'));
  return errors;
}
