// Writes what an agent says of the snapshots on its node into their contents: that one is there, and of when, that it is gone, or why not.
// An agent speaks only of those that it was asked about.
import { contentFinalizer, placeOfContent, snapshotDue, snapshotHandle, type VolumeSnapshotContent } from '@berth/api';
import { type Client, retryOnConflict } from '@berth/client';
import { isReason, type KindDefinition } from '@berth/machinery';
import type { SnapshotReport } from '@berth/protocol';
import { type Clock, type Logger, timestamp } from '@berth/telemetry';
import { isTransient, type RetryQueue } from './retry-queue.ts';

const errorCharactersMax = 1024;

export interface SnapshotReportPorts {
  client: Client;
  clock: Clock;
  logger: Logger;
  /** Of contents; undefined as long as nobody serves them. */
  contentKind(): KindDefinition | undefined;
}

export class SnapshotReports {
  readonly #nodeName: string;
  readonly #ports: SnapshotReportPorts;
  readonly #queue: RetryQueue;

  constructor(nodeName: string, ports: SnapshotReportPorts, queue: RetryQueue) {
    this.#nodeName = nodeName;
    this.#ports = ports;
    this.#queue = queue;
  }

  /** False when too many wait to be written. */
  take(type: 'snapshotTaken' | 'snapshotRemoved', report: SnapshotReport): boolean {
    return this.#queue.add(() => this.#write(type, report));
  }

  async #write(type: 'snapshotTaken' | 'snapshotRemoved', report: SnapshotReport): Promise<void> {
    const { client, logger } = this.#ports;
    const kind = this.#ports.contentKind();
    if (!kind) return;
    try {
      await retryOnConflict(async () => {
        const content = (await client.get(kind, { name: report.content })) as VolumeSnapshotContent;
        const wanted = type === 'snapshotTaken' ? 'take' : 'remove';
        if (content.metadata.uid !== report.uid || placeOfContent(content)?.hostname !== this.#nodeName || snapshotDue(content) !== wanted)
          return;
        if (report.error) await client.updateStatus(kind, this.#failed(content, report.error));
        else if (type === 'snapshotTaken') await client.updateStatus(kind, taken(content, report));
        else await client.update(kind, letGo(content));
      });
    } catch (error) {
      if (isTransient(error)) throw error;
      if (!isReason(error, 'NotFound')) logger.warn('what became of a snapshot cannot be written', { content: report.content, error });
    }
  }

  #failed(content: VolumeSnapshotContent, error: string): VolumeSnapshotContent {
    const message = error.slice(0, errorCharactersMax);
    return { ...content, status: { ...content.status, readyToUse: false, error: { message, time: timestamp(this.#ports.clock) } } };
  }
}

function taken(content: VolumeSnapshotContent, { bytes = 0, takenAtMs = 0 }: SnapshotReport): VolumeSnapshotContent {
  const { error: _error, ...status } = content.status ?? {};
  const place = placeOfContent(content);
  return {
    ...content,
    status: {
      ...status,
      ...(place && { snapshotHandle: snapshotHandle(place) }),
      creationTime: BigInt(takenAtMs) * 1_000_000n,
      restoreSize: bytes,
      readyToUse: true,
    },
  };
}

function letGo(content: VolumeSnapshotContent): VolumeSnapshotContent {
  const finalizers = (content.metadata.finalizers ?? []).filter((name) => name !== contentFinalizer);
  return { ...content, metadata: { ...content.metadata, finalizers } };
}
