// Defaults of a service, and what an update that leaves fields out keeps: addresses and node ports are allocated once.
import type { Service, ServicePort, ServiceSpec } from '../generated/core-v1.types.ts';

/** Three hours, as Kubernetes keeps a client with one pod. */
const affinityTimeoutSeconds = 10800;

export function isNodePortType(spec: ServiceSpec): boolean {
  return spec.type === 'NodePort' || spec.type === 'LoadBalancer';
}

export function defaultService(service: Service): void {
  service.spec ??= {};
  const { spec } = service;
  spec.type ||= 'ClusterIP';
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: affinityTimeoutSeconds } };
  }
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP';
    port.targetPort ||= port.port;
  }
  const isExternal = isNodePortType(spec) || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);
  if (isExternal) spec.externalTrafficPolicy ||= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type !== 'LoadBalancer') return;
  spec.allocateLoadBalancerNodePorts ??= true;
  for (const ingress of service.status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
}

function hasClusterIp(spec: ServiceSpec): boolean {
  return spec.type !== 'ExternalName';
}

/** Keeps allocated values that `next` leaves out, and drops those that its type no longer has. */
export function carryAllocations(next: ServiceSpec, old: ServiceSpec): void {
  if (hasClusterIp(next) && hasClusterIp(old)) {
    next.clusterIP ||= old.clusterIP;
    if (!next.clusterIPs?.length && next.clusterIP === old.clusterIP) next.clusterIPs = old.clusterIPs;
    if (!next.ipFamilies?.length) next.ipFamilies = old.ipFamilies;
    next.ipFamilyPolicy ||= old.ipFamilyPolicy;
  }
  if (isNodePortType(next) && isNodePortType(old)) carryNodePorts(next.ports ?? [], old.ports ?? []);
  dropUnchanged(next, old);
  normalizeClusterIps(next);
}

function carryNodePorts(next: ServicePort[], old: ServicePort[]): void {
  const taken = new Set(next.map((port) => port.nodePort).filter(Boolean));
  const before = new Map(old.map((port) => [`${port.protocol}/${port.port}`, port.nodePort]));
  for (const port of next) {
    const nodePort = before.get(`${port.protocol}/${port.port}`);
    if (port.nodePort || !nodePort || taken.has(nodePort)) continue;
    port.nodePort = nodePort;
    taken.add(nodePort);
  }
}

/** A value that stayed the same while the type lost it was only carried along by the client, not asked for. */
function dropUnchanged(next: ServiceSpec, old: ServiceSpec): void {
  if (hasClusterIp(old) && !hasClusterIp(next) && next.clusterIP === old.clusterIP) {
    delete next.clusterIP;
    delete next.clusterIPs;
    delete next.ipFamilies;
    delete next.ipFamilyPolicy;
    delete next.internalTrafficPolicy;
  }
  if (isNodePortType(old) && !isNodePortType(next)) {
    const before = new Set((old.ports ?? []).map((port) => port.nodePort));
    for (const port of next.ports ?? []) if (before.has(port.nodePort)) delete port.nodePort;
    const isStillExternal = next.type === 'ClusterIP' && (next.externalIPs?.length ?? 0) > 0;
    if (!isStillExternal && next.externalTrafficPolicy === old.externalTrafficPolicy) delete next.externalTrafficPolicy;
  }
  if (old.type === 'LoadBalancer' && next.type !== 'LoadBalancer') {
    delete next.allocateLoadBalancerNodePorts;
    delete next.loadBalancerClass;
  }
  if (needsHealthCheck(old) && !needsHealthCheck(next) && next.healthCheckNodePort === old.healthCheckNodePort)
    delete next.healthCheckNodePort;
}

function needsHealthCheck({ type, externalTrafficPolicy }: ServiceSpec): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
}

/** `clusterIP` and the first of `clusterIPs` are one value; whichever was given sets the other. */
export function normalizeClusterIps(spec: ServiceSpec): void {
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
}
