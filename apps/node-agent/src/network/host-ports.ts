// Ports of the node that lead to one of its pods. Pure.
import { isIPv4 } from 'node:net';
import { isTerminal, type Pod } from '@berth/api';
import type { Endpoint } from './endpoints.ts';
import { type Protocol, protocolOf } from './services/service-targets.ts';

const anyAddress = ['', '0.0.0.0', '::'];

export interface HostPort {
  protocol: Protocol;
  /** Absent: every address of the node. */
  hostIp: string | undefined;
  hostPort: number;
  endpoint: Endpoint;
}

/** None of a pod that has ended: its port is another's by now. */
export function hostPortsOf(pod: Pod): HostPort[] {
  const { podIP: address, phase } = pod.status ?? {};
  if (!address || pod.spec.hostNetwork || isTerminal(phase)) return [];
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...pod.spec.containers, ...sidecars].flatMap((container) =>
    (container.ports ?? []).flatMap(({ hostPort, containerPort, protocol, hostIP = '' }): HostPort[] => {
      const hostIp = anyAddress.includes(hostIP) ? undefined : hostIP;
      if (!hostPort || (hostIp !== undefined && !isIPv4(hostIp))) return [];
      return [{ protocol: protocolOf(protocol), hostIp, hostPort, endpoint: { address, port: containerPort } }];
    }),
  );
}
