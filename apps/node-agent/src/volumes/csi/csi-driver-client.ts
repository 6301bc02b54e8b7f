// The node service of one storage driver, over its socket. Each call has an end, and fails in Kubernetes' words. What the driver can do is asked
// anew for each operation, as it may be another version by then.
import { type CallOptions, csiNodeClient, type csiV1, type Input } from '@berth/protocol';
import * as grpc from '@grpc/grpc-js';
import { csiError } from './csi-error.ts';

export const callMsMax = 120_000;
/** Of what a driver says in one message. */
const messageBytesMax = 4 * 2 ** 20;

export type NodeCapability = csiV1.NodeServiceCapabilityRPCType;

/** Closed with its driver; a call under way then ends as cancelled. */
export class CsiDriverClient {
  readonly #client: csiV1.NodeClient;
  readonly #callMs: number;
  readonly #closing = new AbortController();

  constructor(socket: string, callMs = callMsMax) {
    this.#callMs = callMs;
    this.#client = csiNodeClient(`unix://${socket}`, grpc.credentials.createInsecure(), {
      'grpc.default_authority': 'localhost',
      'grpc.max_receive_message_length': messageBytesMax,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
    });
  }

  close(): void {
    this.#closing.abort();
    this.#client.close();
  }

  getInfo(): Promise<csiV1.NodeGetInfoResponse> {
    return this.#call(this.#client.nodeGetInfo, {});
  }

  async capabilities(): Promise<Set<NodeCapability>> {
    const { capabilities } = await this.#call(this.#client.nodeGetCapabilities, {});
    return new Set(capabilities.flatMap(({ rpc }) => (rpc ? [rpc.type] : [])));
  }

  async stage(request: Input<csiV1.NodeStageVolumeRequest>): Promise<void> {
    await this.#call(this.#client.nodeStageVolume, request);
  }

  async unstage(request: Input<csiV1.NodeUnstageVolumeRequest>): Promise<void> {
    await this.#call(this.#client.nodeUnstageVolume, request);
  }

  async publish(request: Input<csiV1.NodePublishVolumeRequest>): Promise<void> {
    await this.#call(this.#client.nodePublishVolume, request);
  }

  async unpublish(request: Input<csiV1.NodeUnpublishVolumeRequest>): Promise<void> {
    await this.#call(this.#client.nodeUnpublishVolume, request);
  }

  stats(request: Input<csiV1.NodeGetVolumeStatsRequest>, timeoutMs: number): Promise<csiV1.NodeGetVolumeStatsResponse> {
    return this.#call(this.#client.nodeGetVolumeStats, request, timeoutMs);
  }

  expand(request: Input<csiV1.NodeExpandVolumeRequest>): Promise<csiV1.NodeExpandVolumeResponse> {
    return this.#call(this.#client.nodeExpandVolume, request);
  }

  async #call<Request, Response>(
    method: (request: Request, options: CallOptions) => Promise<Response>,
    request: Request,
    timeoutMs = this.#callMs,
  ): Promise<Response> {
    try {
      return await method(request, { timeoutMs, signal: this.#closing.signal });
    } catch (error) {
      throw csiError(error);
    }
  }
}
