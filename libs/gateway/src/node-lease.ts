// Says that a node lives by renewing its Lease, as seldom as the node lifecycle allows: a heartbeat that comes soon after
// the last renewal writes nothing.
import { Lease, Namespace, type Node } from '@berth/api';
import type { Client } from '@berth/client';
import { isReason } from '@berth/machinery';
import { type Clock, microTimestamp } from '@berth/telemetry';

export const leaseNamespace = 'kube-node-lease';
export const leaseDurationSeconds = 40;
/** How often agents send heartbeats; a renewal follows the first one after this long. */
export const heartbeatSeconds = 10;

export class NodeLease {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #node: Node;
  #lease: Lease | undefined;
  #renewedAtMs = Number.NEGATIVE_INFINITY;

  constructor(client: Client, clock: Clock, node: Node) {
    this.#client = client;
    this.#clock = clock;
    this.#node = node;
  }

  async renew(): Promise<void> {
    // A tenth of tolerance, so that heartbeats that come slightly early do not halve the rate of renewals.
    if (this.#clock.monotonicMs() - this.#renewedAtMs < heartbeatSeconds * 900) return;
    this.#renewedAtMs = this.#clock.monotonicMs();
    try {
      this.#lease = await this.#write();
    } catch (error) {
      this.#lease = undefined;
      this.#renewedAtMs = Number.NEGATIVE_INFINITY;
      // Someone else wrote it, or removed it: the next heartbeat starts from what is there.
      if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound') && !isReason(error, 'AlreadyExists')) throw error;
    }
  }

  async #write(): Promise<Lease> {
    const { name, uid = '' } = this.#node.metadata;
    const current = this.#lease ?? (await this.#find(name));
    const spec = { ...current?.spec, holderIdentity: name, leaseDurationSeconds, renewTime: microTimestamp(this.#clock) };
    if (current) return this.#client.update(Lease, { ...current, spec });
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid }];
    const lease: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: leaseNamespace, ownerReferences },
      spec,
    };
    try {
      return await this.#client.create(Lease, lease);
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
      await this.#createNamespace();
      return this.#client.create(Lease, lease);
    }
  }

  async #find(name: string): Promise<Lease | undefined> {
    try {
      return await this.#client.get(Lease, { namespace: leaseNamespace, name });
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #createNamespace(): Promise<void> {
    try {
      await this.#client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: leaseNamespace }, spec: {} });
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error;
    }
  }
}
