// Where packets for each port of a service may go, by its traffic policies and by what its endpoints' conditions and hints say
// (kube-proxy, pkg/proxy/topology.go). Pure.
import type { EndpointSlice, Service } from '@berth/api';
import { type Endpoint, endpointsNear, endpointsOf, type Place } from '../endpoints.ts';
import { type OutsideAddress, outsideAddresses } from '../outside-addresses.ts';

export type Protocol = 'tcp' | 'udp' | 'sctp';

export interface Target {
  /** Tells ports of services apart. */
  name: string;
  protocol: Protocol;
  clusterAddress: string;
  port: number;
  nodePort: number | undefined;
  /** On whichever node. Empty: there is none anywhere. */
  cluster: Endpoint[];
  /** Of this node. */
  local: Endpoint[];
  isInternalLocal: boolean;
  isExternalLocal: boolean;
  /** Addresses beside the cluster's, and who may come through them: of a load balancer, and those that the service names itself. */
  outside: OutsideAddress[];
  /** How long a client is remembered that does not come again; undefined without affinity. */
  stickySeconds: number | undefined;
}

/** Kubernetes' default, where a service that came from elsewhere says nothing. */
const defaultStickySeconds = 10_800;

export function targetsOf(service: Service, slices: EndpointSlice[], place: Place): Target[] {
  const {
    clusterIP = '',
    type,
    ports = [],
    sessionAffinity,
    sessionAffinityConfig,
    internalTrafficPolicy,
    externalTrafficPolicy,
  } = service.spec;
  if (clusterIP === '' || clusterIP === 'None' || type === 'ExternalName') return [];
  const isSticky = sessionAffinity === 'ClientIP';
  return ports.map((port) => {
    const protocol = protocolOf(port.protocol);
    return {
      name: `${service.metadata.namespace}/${service.metadata.name}:${port.port}/${protocol}`,
      protocol,
      clusterAddress: clusterIP,
      port: port.port,
      nodePort: port.nodePort || undefined,
      cluster: endpointsNear(port, slices, place),
      local: endpointsOf(port, slices, place.nodeName),
      isInternalLocal: internalTrafficPolicy === 'Local',
      isExternalLocal: externalTrafficPolicy === 'Local',
      outside: outsideAddresses(service),
      stickySeconds: isSticky ? (sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultStickySeconds) : undefined,
    };
  });
}

export function protocolOf(protocol = 'TCP'): Protocol {
  if (protocol === 'UDP') return 'udp';
  return protocol === 'SCTP' ? 'sctp' : 'tcp';
}
