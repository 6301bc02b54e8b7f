// `kubectl get` of the networking group: ingresses, their classes, network policies, service addresses and ranges.
import { type Column, selectorText } from '@berth/machinery';
import type { Ingress, IngressClass, IPAddress, NetworkPolicy, ServiceCIDR } from '../generated/networking-v1.types.ts';
import { ageColumn, nameColumn, none, text } from './column.ts';

const hostsShownMax = 3;

export const ingressColumns: Column<Ingress>[] = [
  nameColumn(),
  text('Class', 'Class that it belongs to', ({ spec }) => spec?.ingressClassName ?? none),
  text('Hosts', 'Hosts that it answers for', hosts),
  text('Address', 'Where it can be reached', ({ status }) =>
    [...new Set((status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter(Boolean))].sort().join(','),
  ),
  text('Ports', 'Ports that it listens on', ({ spec }) => (spec?.tls?.length ? '80, 443' : '80')),
  ageColumn(),
];

function hosts({ spec }: Ingress): string {
  const rules = spec?.rules ?? [];
  const named = rules.map(({ host }) => host ?? '').filter(Boolean);
  const shown = named.slice(0, hostsShownMax).join(',');
  if (named.length <= hostsShownMax) return shown || '*';
  return `${shown} + ${rules.length - hostsShownMax} more...`;
}

export const ingressClassColumns: Column<IngressClass>[] = [
  nameColumn(),
  text('Controller', 'What serves its ingresses', ({ spec }) => spec?.controller),
  text('Parameters', 'Object that configures it', ({ spec }) => {
    const { kind, apiGroup, name } = spec?.parameters ?? {};
    return spec?.parameters ? `${kind}${apiGroup === undefined ? '' : `.${apiGroup}`}/${name}` : none;
  }),
  ageColumn(),
];

export const networkPolicyColumns: Column<NetworkPolicy>[] = [
  nameColumn(),
  text('Pod-Selector', 'Pods that it is about', ({ spec }) => selectorText(spec?.podSelector) || none),
  ageColumn(),
];

export const ipAddressColumns: Column<IPAddress>[] = [
  nameColumn(),
  text('ParentRef', 'Object that holds it', ({ spec }) => {
    if (!spec?.parentRef) return none;
    const { group, resource, namespace, name } = spec.parentRef;
    const groupResource = [resource, group].filter(Boolean).join('.').toLowerCase();
    return [groupResource, ...(namespace ? [namespace] : []), name].join('/');
  }),
  { ...ageColumn<IPAddress>(), isUnnamed: true },
];

export const serviceCidrColumns: Column<ServiceCIDR>[] = [
  nameColumn(),
  text('CIDRs', 'Ranges that service addresses come from', ({ spec }) => spec?.cidrs?.join(',')),
  ageColumn(),
];
