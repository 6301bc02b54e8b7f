// What an update of a service that leaves fields out keeps, and what goes with a type that needed it: addresses and node ports are
// allocated once.
import { isNodePortType } from '../defaults/service.ts';
import type { Service, ServicePort, ServiceSpec } from '../generated/core-v1.types.ts';
import { isSame } from '../service-addresses/families.ts';

/** Changes `next`. */
export function carryAllocations({ spec: next }: Service, { spec: old }: Service): void {
  if (hasClusterIp(next) && hasClusterIp(old)) {
    if (!next.clusterIP && old.clusterIP) next.clusterIP = old.clusterIP;
    if (!next.clusterIPs?.length && old.clusterIPs) next.clusterIPs = [...old.clusterIPs];
  }
  if (needsNodePorts(next) && needsNodePorts(old)) carryNodePorts(next.ports ?? [], old.ports ?? []);
  if (needsHealthCheck(next) && needsHealthCheck(old) && !next.healthCheckNodePort && old.healthCheckNodePort)
    next.healthCheckNodePort = old.healthCheckNodePort;
  normalizeClusterIps(next, old);
}

/** By their names, whatever else became of them. */
function carryNodePorts(next: ServicePort[], old: ServicePort[]): void {
  const kept = new Set(next.map(({ nodePort }) => nodePort));
  const used = new Set(old.flatMap(({ nodePort }) => (nodePort && kept.has(nodePort) ? [nodePort] : [])));
  const before = new Map(old.map(({ name, nodePort }) => [name ?? '', nodePort]));
  for (const port of next) {
    const nodePort = before.get(port.name ?? '');
    if (!port.nodePort && nodePort && !used.has(nodePort)) port.nodePort = nodePort;
  }
}

/** `clusterIP` is the first of `clusterIPs`; older clients know and set it alone. */
export function normalizeClusterIps(next: ServiceSpec, old?: ServiceSpec): void {
  const [address = '', before = ''] = [next.clusterIP, old?.clusterIP];
  if (!old) {
    if (address !== '' && !next.clusterIPs?.length) next.clusterIPs = [address];
    return;
  }
  if (old.clusterIPs?.length && !next.clusterIPs?.length && address === before) next.clusterIPs = [...old.clusterIPs];
  if (address === before || !isSame(next.clusterIPs, old.clusterIPs)) return;
  if (address === '') delete next.clusterIPs;
  else next.clusterIPs = [address];
}

/** A value that stayed the same while the type lost it was only carried along by the client, not asked for. Changes `next`. */
export function dropTypeDependent({ spec: next, ...rest }: Service, { spec: old }: Service): void {
  if (hasClusterIp(old) && !hasClusterIp(next)) {
    if (isSame(old.clusterIPs, next.clusterIPs)) {
      delete next.clusterIP;
      delete next.clusterIPs;
    }
    if (isSame(old.ipFamilies, next.ipFamilies)) delete next.ipFamilies;
    if (old.ipFamilyPolicy === next.ipFamilyPolicy) delete next.ipFamilyPolicy;
  }
  if (isNodePortType(old) && !isNodePortType(next) && areKnownPorts(next.ports ?? [], old.ports ?? []))
    for (const port of next.ports ?? []) delete port.nodePort;
  if (needsHealthCheck(old) && !needsHealthCheck(next) && next.healthCheckNodePort === old.healthCheckNodePort)
    delete next.healthCheckNodePort;
  const isUnbalanced = old.type === 'LoadBalancer' && next.type !== 'LoadBalancer';
  if (isUnbalanced && next.allocateLoadBalancerNodePorts === old.allocateLoadBalancerNodePorts) delete next.allocateLoadBalancerNodePorts;
  if (isUnbalanced && next.loadBalancerClass === old.loadBalancerClass) delete next.loadBalancerClass;
  if (isExternal(old) && !isExternal(next) && next.externalTrafficPolicy === old.externalTrafficPolicy) delete next.externalTrafficPolicy;
  if (next.type !== 'LoadBalancer' && rest.status?.loadBalancer) rest.status.loadBalancer = {};
}

function hasClusterIp({ type }: ServiceSpec): boolean {
  return type !== 'ExternalName';
}

export function needsNodePorts(spec: ServiceSpec): boolean {
  return spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
}

export function needsHealthCheck({ type, externalTrafficPolicy }: ServiceSpec): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
}

function isExternal(spec: ServiceSpec): boolean {
  return isNodePortType(spec) || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);
}

/** Ports may come, change and go, but none may ask for another node port. */
function areKnownPorts(next: ServicePort[], old: ServicePort[]): boolean {
  const known = new Set(old.map(({ nodePort }) => nodePort));
  return next.every(({ nodePort }) => !nodePort || known.has(nodePort));
}
