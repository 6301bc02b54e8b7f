// How the API reaches into a node: one tunnel an exec, attach, log or port-forward, over the node's own session.
import type { Tunnel, TunnelRequest } from '@berth/protocol';

export interface NodeConnector {
  /**
   * Rejects with a StatusError: ServiceUnavailable when the node has no session here, Timeout when its agent does not answer,
   * or the agent's refusal. An aborted signal breaks the tunnel, also later.
   */
  openTunnel(nodeName: string, request: Omit<TunnelRequest, 'tunnelId'>, signal?: AbortSignal): Promise<Tunnel>;
  isConnected(nodeName: string): boolean;
}
