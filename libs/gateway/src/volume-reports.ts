// Writes what an agent says of the volumes on its node: that one has been made, or why it cannot be, and that the data of one is gone.
// An agent speaks only of volumes that belong to its node, and only of what was asked of it.
import {
  diskRefusalAnnotation,
  diskSizeAnnotation,
  diskStateAnnotation,
  localDisk,
  localVolumeFinalizer,
  PersistentVolume,
} from '@berth/api';
import { type Client, retryOnConflict } from '@berth/client';
import { isReason } from '@berth/machinery';
import type { AgentToGateway, VolumeReport } from '@berth/protocol';
import type { Logger } from '@berth/telemetry';
import type { AgentEventWriter } from './agent-events.ts';
import { isTransient, type RetryQueue } from './retry-queue.ts';
import { nodesOf } from './volume-nodes.ts';

/** Of why a volume cannot be made. */
const refusalCharactersMax = 1024;

export interface VolumeReportPorts {
  client: Client;
  events: AgentEventWriter;
  logger: Logger;
}

export class VolumeReports {
  readonly #nodeName: string;
  readonly #ports: VolumeReportPorts;
  readonly #queue: RetryQueue;

  constructor(nodeName: string, ports: VolumeReportPorts, queue: RetryQueue) {
    this.#nodeName = nodeName;
    this.#ports = ports;
    this.#queue = queue;
  }

  /** False when too many wait to be written. */
  take({ type, report }: Extract<AgentToGateway, { type: 'volumeMade' | 'volumeRemoved' }>): boolean {
    if (type === 'volumeMade') return this.#queue.add(() => this.#write(report, (volume) => this.#made(volume, report)));
    if (!report.error) return this.#queue.add(() => this.#write(report, withoutFinalizer));
    const { persistentVolume: name, uid, error: message } = report;
    const about = { namespace: '', kind: 'PersistentVolume', name, uid, fieldPath: '', at: '', count: 1 };
    this.#ports.events.add(this.#nodeName, { ...about, type: 'Warning', reason: 'VolumeFailedDelete', message });
    return true;
  }

  #made(volume: PersistentVolume, { error }: VolumeReport): PersistentVolume | undefined {
    const disk = localDisk(volume);
    if (disk?.growsTo !== undefined) return grown(volume, error?.slice(0, refusalCharactersMax));
    if (disk?.state !== 'wanted') return undefined;
    const state = error ? { [diskStateAnnotation]: 'refused', [diskRefusalAnnotation]: error.slice(0, refusalCharactersMax) } : made;
    return { ...volume, metadata: { ...volume.metadata, annotations: { ...volume.metadata.annotations, ...state } } };
  }

  /** @param change returns undefined where nothing is to be written */
  async #write({ persistentVolume, uid }: VolumeReport, change: (volume: PersistentVolume) => PersistentVolume | undefined): Promise<void> {
    const { client, logger } = this.#ports;
    try {
      await retryOnConflict(async () => {
        const volume = await client.get(PersistentVolume, { name: persistentVolume });
        if (volume.metadata.uid !== uid || !nodesOf(volume).includes(this.#nodeName)) return;
        const changed = change(volume);
        if (changed) await client.update(PersistentVolume, changed);
      });
    } catch (error) {
      if (isTransient(error)) throw error;
      if (!isReason(error, 'NotFound')) logger.warn('what became of a volume cannot be written', { volume: persistentVolume, error });
    }
  }
}

/** The size that was asked for stands beside a refusal, so that it is known what was refused. */
function grown({ metadata, spec, ...rest }: PersistentVolume, error: string | undefined): PersistentVolume {
  const { [diskSizeAnnotation]: storage = '0', ...annotations } = metadata.annotations ?? {};
  if (error) return { ...rest, spec, metadata: { ...metadata, annotations: { ...metadata.annotations, [diskRefusalAnnotation]: error } } };
  return { ...rest, spec: { ...spec, capacity: { ...spec.capacity, storage } }, metadata: { ...metadata, annotations } };
}

const made = { [diskStateAnnotation]: 'made' };

function withoutFinalizer(volume: PersistentVolume): PersistentVolume | undefined {
  const { finalizers = [] } = volume.metadata;
  if (!finalizers.includes(localVolumeFinalizer)) return undefined;
  return { ...volume, metadata: { ...volume.metadata, finalizers: finalizers.filter((name) => name !== localVolumeFinalizer) } };
}
