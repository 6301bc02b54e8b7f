// Cluster IPs and node ports of Services. Each is a key that is created in the transaction that writes the Service and
// deleted in the one that removes it, so no crash, race or second API server can hand one out twice or leak it.
import type { Service, ServiceSpec } from '@berth/api';
import { type FieldError, type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import type { Write } from '@berth/store';
import type { Random } from '@berth/telemetry';
import type { Guard } from '../commit.ts';
import { clusterIpPrefix, nodePortPrefix } from '../keys.ts';
import { toBytes } from '../object-codec.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { formatIpv4, type Ipv4Range, parseIpv4, parseIpv4Range } from './ipv4.ts';
import { pickFree } from './number-range.ts';

export interface ServiceAllocationOptions {
  serviceCidr: string;
  /** Never handed out to a Service that does not ask for it. */
  clusterDns: string;
  nodePortRange: { from: number; to: number };
  random: Random;
  /** Taken keys under a prefix, without it; may lag behind the store. */
  reserved(prefix: string): ReadonlySet<string>;
}

export class ServiceAllocation implements AdmissionPlugin {
  readonly name = 'ServiceAllocation';
  readonly #options: ServiceAllocationOptions;
  readonly #addresses: Ipv4Range;

  constructor(options: ServiceAllocationOptions) {
    this.#options = options;
    this.#addresses = parseIpv4Range(options.serviceCidr);
  }

  reserve(request: AdmissionRequest): void {
    if (!isService(request.kind)) return;
    const service = request.object as Service;
    const before = held(request.old as Service | undefined);
    service.spec.clusterIP ||= service.spec.clusterIPs?.[0];
    const asked = held(service);
    this.#assignClusterIp(request, service.spec);
    this.#assignNodePorts(request, service.spec, before);
    const after = held(service);
    for (const [key, claim] of after)
      if (!before.has(key)) request.guards.push(claimGuard(key, service, asked.has(key) ? claim : undefined));
    for (const key of before.keys()) if (!after.has(key)) request.writes.push({ type: 'delete', key });
  }

  release(kind: KindDefinition, object: KubeObject): Write[] {
    if (!isService(kind)) return [];
    return [...held(object as Service).keys()].map((key) => ({ type: 'delete', key }));
  }

  #assignClusterIp(request: AdmissionRequest, spec: ServiceSpec): void {
    if (spec.type === 'ExternalName') return;
    const given = spec.clusterIP;
    const clusterIp = given || this.#freeAddress(request);
    if (given && given !== 'None') this.#checkAddress(request, given);
    spec.clusterIP = clusterIp;
    spec.clusterIPs = [clusterIp];
    spec.ipFamilies = ['IPv4'];
    spec.ipFamilyPolicy ||= 'SingleStack';
  }

  #checkAddress(request: AdmissionRequest, address: string): void {
    const value = parseIpv4(address);
    const { first, last, cidr } = this.#addresses;
    if (value !== undefined && value > first && value < last) return;
    const detail = `failed to allocate IP ${address}: the provided IP (${address}) is not in the valid range. The range of valid IPs is ${cidr}`;
    throw invalid(request, { type: 'Invalid', field: 'spec.clusterIPs', value: [address], detail });
  }

  #freeAddress(request: AdmissionRequest): string {
    const from = this.#addresses.first + 1;
    const to = this.#addresses.last - 1;
    const size = to - from + 1;
    const spared = Math.min(Math.max(16, Math.floor(size / 16)), 256, Math.floor(size / 2));
    const dns = parseIpv4(this.#options.clusterDns);
    const taken = (value: number) => value === from || value === dns || this.#isTaken(request, clusterIpPrefix, formatIpv4(value));
    const free = pickFree({ from, to, spared }, taken, this.#options.random);
    if (free !== undefined) return formatIpv4(free);
    const detail = `failed to allocate a serviceIP: range is full (${this.#addresses.cidr})`;
    throw invalid(request, { type: 'Invalid', field: 'spec.clusterIPs', value: [], detail });
  }

  #assignNodePorts(request: AdmissionRequest, spec: ServiceSpec, before: Map<string, Claim>): void {
    if (!needsNodePorts(spec)) return;
    const chosen = new Set((spec.ports ?? []).flatMap((port) => port.nodePort || []));
    const { from, to } = this.#options.nodePortRange;
    (spec.ports ?? []).forEach((port, index) => {
      const field = `spec.ports[${index}].nodePort`;
      if (!port.nodePort) {
        port.nodePort = this.#freePort(request, field, chosen);
        chosen.add(port.nodePort);
      } else if ((port.nodePort < from || port.nodePort > to) && !before.has(nodePortPrefix + port.nodePort)) {
        const detail = `provided port is not in the valid range. The range of valid ports is ${from}-${to}`;
        throw invalid(request, { type: 'Invalid', field, value: port.nodePort, detail });
      }
    });
    const needsHealthPort = spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
    if (needsHealthPort && !spec.healthCheckNodePort)
      spec.healthCheckNodePort = this.#freePort(request, 'spec.healthCheckNodePort', chosen);
  }

  #freePort(request: AdmissionRequest, field: string, chosen: Set<number>): number {
    const { from, to } = this.#options.nodePortRange;
    const size = to - from + 1;
    const spared = Math.min(Math.max(16, Math.floor(size / 32)), 128, Math.floor(size / 2));
    const taken = (port: number) => chosen.has(port) || this.#isTaken(request, nodePortPrefix, String(port));
    const free = pickFree({ from, to, spared }, taken, this.#options.random);
    if (free !== undefined) return free;
    throw invalid(request, { type: 'Invalid', field, value: 0, detail: `failed to allocate a nodePort: range is full (${from}-${to})` });
  }

  /** What an earlier attempt of this request learnt is newer than the cache. */
  #isTaken(request: AdmissionRequest, prefix: string, number: string): boolean {
    const key = prefix + number;
    return request.known.has(key) ? request.known.get(key) !== undefined : this.#options.reserved(prefix).has(number);
  }
}

interface Claim {
  field: string;
  value: unknown;
  /** How the server says that it is taken. */
  refusal: string;
}

/** Allocation keys that a Service holds, by key. */
function held(service: Service | undefined): Map<string, Claim> {
  const claims = new Map<string, Claim>();
  const spec = service?.spec;
  if (!spec) return claims;
  const ip = spec.clusterIP;
  if (spec.type !== 'ExternalName' && ip && ip !== 'None') {
    const refusal = `failed to allocate IP ${ip}: provided IP is already allocated`;
    claims.set(clusterIpPrefix + ip, { field: 'spec.clusterIPs', value: [ip], refusal });
  }
  (spec.ports ?? []).forEach((port, index) => {
    if (!port.nodePort) return;
    const claim = { field: `spec.ports[${index}].nodePort`, value: port.nodePort, refusal: 'provided port is already allocated' };
    claims.set(nodePortPrefix + port.nodePort, claim);
  });
  const health = spec.healthCheckNodePort;
  if (health) {
    claims.set(nodePortPrefix + health, {
      field: 'spec.healthCheckNodePort',
      value: health,
      refusal: 'provided port is already allocated',
    });
  }
  return claims;
}

/** Creates the key. A number that the server picked itself is picked again when taken; one `asked` for is refused. */
function claimGuard(key: string, service: Service, asked: Claim | undefined): Guard {
  const { namespace, name, uid } = service.metadata;
  return {
    compare: { key, target: 'version', version: 0 },
    write: { type: 'put', key, value: toBytes({ namespace, name, uid }) },
    onConflict() {
      if (!asked) return;
      const error: FieldError = { type: 'Invalid', field: asked.field, value: asked.value, detail: asked.refusal };
      throw StatusError.invalid({ group: '', kind: 'Service' }, name ?? '', [error]);
    },
  };
}

function needsNodePorts(spec: ServiceSpec): boolean {
  return spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
}

function isService(kind: KindDefinition): boolean {
  return kind.group === '' && kind.kind === 'Service';
}

function invalid(request: AdmissionRequest, error: FieldError): StatusError {
  return StatusError.invalid(request.kind, request.name, [error]);
}
