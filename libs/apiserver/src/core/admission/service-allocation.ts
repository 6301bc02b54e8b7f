// Cluster IPs and node ports of Services: what one asks for or is given, claimed in the transaction that writes it.
import { parseIpv4, parseIpv4Range, type Service, settleFamilies } from '@berth/api';
import { type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import type { Write } from '@berth/store';
import type { Clock, Random } from '@berth/telemetry';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { type AddressSource, ClusterIps } from './cluster-ips.ts';
import { type NodePortOptions, NodePorts } from './node-ports.ts';
import { isKind } from './request-predicates.ts';
import { claimGuard, held, releaseOf } from './service-claims.ts';

export interface ServiceAllocationOptions extends NodePortOptions {
  /** Its first address is the API server's own. */
  serviceCidr: string;
  clusterDns: string;
  addresses: AddressSource;
  clock: Clock;
  random: Random;
}

export class ServiceAllocation implements AdmissionPlugin {
  readonly name = 'ServiceAllocation';
  readonly #options: ServiceAllocationOptions;
  readonly #clusterIps: ClusterIps;
  readonly #nodePorts: NodePorts;

  constructor(options: ServiceAllocationOptions) {
    const spared = [parseIpv4Range(options.serviceCidr).first + 1, parseIpv4(options.clusterDns) ?? -1];
    this.#options = options;
    this.#clusterIps = new ClusterIps({ spared: new Set(spared), source: options.addresses, random: options.random });
    this.#nodePorts = new NodePorts(options);
  }

  /** As in Kubernetes, nothing else that is wrong with a service is found out before it has its addresses and ports. */
  allocate(request: AdmissionRequest): Promise<void> | void {
    if (isKind(request.kind, '', 'Service')) return this.#allocate(request);
  }

  async #allocate(request: AdmissionRequest): Promise<void> {
    const service = request.object as Service;
    const old = request.old as Service | undefined;
    const errors = settleFamilies(service, old);
    if (errors.length > 0) throw StatusError.invalid(request.kind, request.name, errors);
    const before = held(old);
    const asked = held(service);
    await this.#clusterIps.assign(request, service, old);
    this.#nodePorts.assign(request, service, before);
    const after = held(service);
    for (const [key, claim] of after)
      if (!before.has(key)) request.guards.push(claimGuard(key, claim, service, asked.has(key), this.#options));
    for (const key of before.keys()) if (!after.has(key)) request.writes.push(releaseOf(key));
  }

  release(kind: KindDefinition, object: KubeObject): Write[] {
    return isKind(kind, '', 'Service') ? [...held(object as Service).keys()].map(releaseOf) : [];
  }
}
