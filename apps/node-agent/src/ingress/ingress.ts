// The ingress port: what a node answers HTTP for. The real one configures HAProxy; a simulated node has none.
import type { EndpointSlice, Ingress, Service } from '@berth/api';
import type { IngressCertificate } from '@berth/protocol';

/** All of the cluster. */
export interface IngressState {
  /** Of Berth's class. */
  ingresses: Ingress[];
  certificates: IngressCertificate[];
  services: Service[];
  endpointSlices: EndpointSlice[];
}

export interface NodeIngress {
  /** Brings the proxy in line with what is given. Cheap when nothing has changed. */
  sync(state: IngressState): void;
  /** In the text format of Prometheus; empty while no proxy runs. */
  metrics(): Promise<string>;
  /** Stops looking after the proxy, which goes on. */
  stop(): Promise<void>;
}
