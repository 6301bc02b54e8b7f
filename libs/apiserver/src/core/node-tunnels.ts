// The way to what runs on nodes: tunnels of the gateway that agents are connected to, where it runs in this process.
import { StatusError } from '@berth/machinery';
import type { Tunnel } from '@berth/protocol';
import type { NodeConnector, PodTunnelRequest } from './pod-connection.ts';

export class NodeTunnels {
  #connector: NodeConnector | undefined;

  openBy(connector: NodeConnector): void {
    this.#connector = connector;
  }

  /** Whoever calls has seen to it that it is allowed. @throws StatusError ServiceUnavailable */
  readonly open = async (nodeName: string, request: PodTunnelRequest, signal?: AbortSignal): Promise<Tunnel> => {
    if (!this.#connector) throw StatusError.unavailable('no gateway to nodes runs in this process: start it with the agents role');
    return this.#connector.openTunnel(nodeName, request, signal);
  };
}
