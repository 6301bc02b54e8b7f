// Writes what an agent says of the storage drivers of its node: its CSINode, and on the Node labels that say where it is for them and by which name each
// driver knows it. As the kubelet does: a driver that is gone leaves its labels, and another's value of a label is not overwritten.
import { CSINode, type CSINodeDriver, Node } from '@berth/api';
import { type Client, retryOnConflict } from '@berth/client';
import { deepEqual, isReason } from '@berth/machinery';
import type { CsiNodeReport } from '@berth/protocol';
import type { Logger } from '@berth/telemetry';
import { isTransient, type RetryQueue } from './retry-queue.ts';

const nodeIdAnnotation = 'csi.volume.kubernetes.io/nodeid';
/** Of one node. */
const driversMax = 1_000;

export interface CsiNodeWriterPorts {
  client: Client;
  logger: Logger;
}

export class CsiNodeWriter {
  readonly #nodeName: string;
  readonly #ports: CsiNodeWriterPorts;
  readonly #queue: RetryQueue;
  #report: CsiNodeReport | undefined;
  #isQueued = false;

  constructor(nodeName: string, ports: CsiNodeWriterPorts, queue: RetryQueue) {
    this.#nodeName = nodeName;
    this.#ports = ports;
    this.#queue = queue;
  }

  /** Only the newest counts. */
  take(report: CsiNodeReport): void {
    this.#report = report;
    if (this.#isQueued) return;
    this.#isQueued = this.#queue.add(async () => {
      this.#isQueued = false;
      try {
        await this.#write();
      } catch (error) {
        if (isTransient(error)) {
          // It is tried again by the queue.
          this.#isQueued = true;
          throw error;
        }
        this.#ports.logger.warn('what a node says of its storage drivers cannot be written', { error });
      }
    });
  }

  async #write(): Promise<void> {
    const report = this.#report;
    if (!report) return;
    const drivers = report.drivers.slice(0, driversMax);
    const node = await this.#writeNode(drivers, report.topology);
    await this.#writeCsiNode(drivers, node);
  }

  #writeNode(drivers: CSINodeDriver[], topology: Record<string, string>): Promise<Node> {
    const { client } = this.#ports;
    return retryOnConflict(async () => {
      const node = await client.get(Node, { name: this.#nodeName });
      const metadata = { ...node.metadata, labels: this.#labels(node, topology), annotations: withNodeIds(node, drivers) };
      return deepEqual(metadata, node.metadata) ? node : client.update(Node, { ...node, metadata });
    });
  }

  #labels({ metadata: { labels = {} } }: Node, topology: Record<string, string>): Record<string, string> {
    const next = { ...labels };
    for (const [key, value] of Object.entries(topology)) {
      if (next[key] === undefined) next[key] = value;
      else if (next[key] !== value) {
        const collision = { label: key, driver: value, node: next[key] };
        this.#ports.logger.warn('a storage driver says that the node is elsewhere than its label says; the label stands', collision);
      }
    }
    return next;
  }

  async #writeCsiNode(drivers: CSINodeDriver[], { metadata: { name, uid = '' } }: Node): Promise<void> {
    const { client } = this.#ports;
    await retryOnConflict(async () => {
      const current = await client.get(CSINode, { name }).catch((error: unknown) => {
        if (!isReason(error, 'NotFound')) throw error;
      });
      if (!current) {
        const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid }];
        const metadata = { name, ownerReferences };
        await client.create(CSINode, { apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', metadata, spec: { drivers } });
      } else if (!deepEqual(current.spec.drivers, drivers)) await client.update(CSINode, { ...current, spec: { drivers } });
    });
  }
}

/** Whoever attaches volumes finds there by which name a driver knows the node. */
function withNodeIds({ metadata: { annotations = {} } }: Node, drivers: CSINodeDriver[]): Record<string, string> {
  const { [nodeIdAnnotation]: _, ...others } = annotations;
  if (drivers.length === 0) return others;
  const ids = Object.fromEntries(drivers.map(({ name, nodeID }) => [name, nodeID]));
  return { ...others, [nodeIdAnnotation]: JSON.stringify(ids) };
}
