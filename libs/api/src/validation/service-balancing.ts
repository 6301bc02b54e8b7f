// What a service asks of load balancers, how its traffic is spread, and what a balancer says of it.
import type { LoadBalancerIngress, Service, ServiceSpec } from '../generated/core-v1.types.ts';
import { needsHealthCheck } from '../strategies/service.ts';
import { each, type FieldError, forbidden, invalid, invalidAll, notSupported, required } from './errors.ts';
import { isLegacyAddress, legacyAddress, legacyCidr } from './legacy-ip.ts';
import { dnsSubdomain, qualified } from './names.ts';

const onlyBalanced = "may only be used when `type` is 'LoadBalancer'";
const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const topologyHints = 'service.kubernetes.io/topology-aware-hints';
const topologyMode = 'service.kubernetes.io/topology-mode';
const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

/** @param old whose ranges may stay as they are */
export function balancing(service: Service, old: Service | undefined): FieldError[] {
  const { spec } = service;
  const { allocateLoadBalancerNodePorts: allocates, loadBalancerClass, trafficDistribution } = spec;
  const isBalanced = spec.type === 'LoadBalancer';
  const errors = [...topology(service), ...sourceRanges(service, old)];
  if (allocates !== undefined && !isBalanced) errors.push(forbidden('spec.allocateLoadBalancerNodePorts', onlyBalanced));
  if (loadBalancerClass !== undefined) {
    const field = 'spec.loadBalancerClass';
    errors.push(...(isBalanced ? invalidAll(field, loadBalancerClass, qualified(loadBalancerClass)) : [forbidden(field, onlyBalanced)]));
  }
  if (trafficDistribution !== undefined && !distributions.includes(trafficDistribution))
    errors.push(notSupported('spec.trafficDistribution', trafficDistribution, distributions));
  return [...errors, ...healthCheckPort(spec)];
}

function topology({ metadata: { annotations = {} } }: Service): FieldError[] {
  const [hints, mode] = [annotations[topologyHints], annotations[topologyMode]];
  if (hints === undefined || mode === undefined || hints === mode) return [];
  const message = `must match annotations[${topologyHints}] when both are specified`;
  return [invalid(`metadata.annotations[${topologyMode}]`, mode, message)];
}

function sourceRanges({ metadata, spec }: Service, old: Service | undefined): FieldError[] {
  const { type, loadBalancerSourceRanges: ranges = [] } = spec;
  const annotation = metadata.annotations?.[rangesAnnotation];
  const isForbidden = type !== 'LoadBalancer' && (ranges.length > 0 || annotation !== undefined);
  // With this spelling.
  const field = ranges.length > 0 ? 'spec.LoadBalancerSourceRanges' : `metadata.annotations[${rangesAnnotation}]`;
  const errors = isForbidden ? [forbidden(field, onlyBalanced)] : [];
  if (ranges.length > 0) {
    const known = new Set(old?.spec.loadBalancerSourceRanges?.map((range) => range.trim()));
    return [...errors, ...each(ranges, field, (range, path) => (known.has(range.trim()) ? [] : legacyCidr(range.trim(), path)))];
  }
  if (annotation === undefined || annotation.trim() === '' || old?.metadata.annotations?.[rangesAnnotation] === annotation) return errors;
  return [...errors, ...annotation.split(',').flatMap((range) => legacyCidr(range.trim(), field))];
}

/** Which port it gets is the API's to choose. */
function healthCheckPort({ type, externalTrafficPolicy, healthCheckNodePort }: ServiceSpec): FieldError[] {
  if (!healthCheckNodePort || (type === 'LoadBalancer' && externalTrafficPolicy === 'Local')) return [];
  const message = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
  return [invalid('spec.healthCheckNodePort', healthCheckNodePort, message)];
}

/** Who balances a service, and which port is asked whether it can be reached, stay while it is balanced. */
export function validateBalancingUpdate({ spec }: Service, { spec: old }: Service): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.type === 'LoadBalancer' && old.type === 'LoadBalancer' && spec.loadBalancerClass !== old.loadBalancerClass)
    errors.push(invalid('spec.loadBalancerClass', spec.loadBalancerClass ?? null, 'may not change once set'));
  if (needsHealthCheck(spec) && needsHealthCheck(old) && spec.healthCheckNodePort !== old.healthCheckNodePort)
    errors.push(forbidden('spec.healthCheckNodePort', 'field is immutable'));
  return errors;
}

/** Of the status, by a service of its type. @param old whose addresses may stay as they are */
export function validateServiceStatus({ spec, status }: Service, old: Service): FieldError[] {
  const ingress = status?.loadBalancer?.ingress ?? [];
  const field = 'status.loadBalancer.ingress';
  if (spec.type !== 'LoadBalancer')
    return ingress.length > 0 ? [forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'")] : [];
  const known = new Set(old.status?.loadBalancer?.ingress?.map(({ ip }) => ip));
  return each(ingress, field, (each, path) => ingressErrors(each, path, known));
}

function ingressErrors(
  { ip = '', ipMode, hostname = '' }: LoadBalancerIngress,
  path: string,
  known: Set<string | undefined>,
): FieldError[] {
  const errors = ip === '' || known.has(ip) ? [] : legacyAddress(ip, `${path}.ip`);
  if (ipMode === undefined && ip !== '') errors.push(required(`${path}.ipMode`, 'must be specified when `ip` is set'));
  else if (ipMode !== undefined && ip === '') errors.push(forbidden(`${path}.ipMode`, 'may not be specified when `ip` is not set'));
  else if (ipMode !== undefined && ipMode !== 'VIP' && ipMode !== 'Proxy')
    errors.push(notSupported(`${path}.ipMode`, ipMode, ['Proxy', 'VIP']));
  if (hostname !== '') errors.push(...invalidAll(`${path}.hostname`, hostname, dnsSubdomain(hostname)));
  if (isLegacyAddress(hostname)) errors.push(invalid(`${path}.hostname`, hostname, 'must be a DNS name, not an IP address'));
  return errors;
}
