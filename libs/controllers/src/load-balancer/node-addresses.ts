// Services that are reached under the addresses of the nodes, each at its own ports, by the rules that agents make of its status. A port of the
// nodes is one service's; of several that want it the oldest has it. Pure.
import type { Node, Service } from '@berth/api';
import type { Action } from '@berth/controller';
import { keyOf } from '@berth/machinery';
import { reachability } from '../node-reachability.ts';
import { isLocal, portsOf } from './balanced-services.ts';
import { portsProblem, serviceEvent, statusWrite } from './service-status.ts';

export interface NodesObserved {
  /** Oldest first. */
  services: Service[];
  nodes: Node[];
  /** Names of the nodes with an endpoint that is ready, by service. */
  nodesWithEndpoints: ReadonlyMap<string, ReadonlySet<string>>;
}

/** @returns for each service that it concerns */
export function planNodeAddresses({ services, nodes, nodesWithEndpoints }: NodesObserved, now: number): Action[][] {
  const taken = new Map<string, string>();
  return services.map((service) => {
    const ports = portsOf(service);
    const conflict = ports.find((port) => taken.has(port));
    if (conflict !== undefined) {
      const problem = `port ${conflict} of the nodes is that of service ${taken.get(conflict)}; give this one another port`;
      const write = statusWrite(service, { addresses: [], isKept: false, problem }, now);
      if (!write) return [];
      return portsProblem(service) === problem ? [write] : [write, serviceEvent(service, 'Warning', 'SyncLoadBalancerFailed', problem)];
    }
    for (const port of ports) taken.set(port, keyOf(service));
    const local = isLocal(service) ? (nodesWithEndpoints.get(keyOf(service)) ?? new Set()) : undefined;
    const all = nodes.filter(({ metadata }) => !local || local.has(metadata.name)).flatMap((node) => reachability(node) ?? []);
    const { loadBalancerIP } = service.spec;
    const addresses = loadBalancerIP ? all.filter((address) => address === loadBalancerIP) : all;
    const write = statusWrite(service, { addresses, isKept: false }, now);
    return write ? [write] : [];
  });
}
