// Writes into a claim's status what its node says of making its volume larger, as the kubelet does: how large it is, and no more of conditions that
// waited for it; or that it cannot be. An agent speaks of claims of its own pods alone.
import { PersistentVolumeClaim, type PersistentVolumeClaimStatus, volumeClaimNames } from '@berth/api';
import { type Client, retryOnConflict } from '@berth/client';
import { isReason, parseQuantity } from '@berth/machinery';
import type { ClaimExpansion } from '@berth/protocol';
import { type Clock, type Logger, timestamp } from '@berth/telemetry';
import type { ClusterView } from './cluster-view.ts';
import { isTransient, type RetryQueue } from './retry-queue.ts';

const resizeConditions = ['Resizing', 'FileSystemResizePending', 'ControllerResizeError', 'NodeResizeError'];
const messageCharactersMax = 1024;

export interface ClaimExpansionsPorts {
  client: Client;
  clock: Clock;
  logger: Logger;
  view: Pick<ClusterView, 'podsOf'>;
}

export class ClaimExpansions {
  readonly #nodeName: string;
  readonly #ports: ClaimExpansionsPorts;
  readonly #queue: RetryQueue;

  constructor(nodeName: string, ports: ClaimExpansionsPorts, queue: RetryQueue) {
    this.#nodeName = nodeName;
    this.#ports = ports;
    this.#queue = queue;
  }

  /** False when too many wait to be written. */
  take(report: ClaimExpansion): boolean {
    if (!this.#isOwn(report)) return true;
    return this.#queue.add(async () => {
      try {
        await this.#write(report);
      } catch (error) {
        if (isTransient(error)) throw error;
        const { namespace, name } = report;
        if (!isReason(error, 'NotFound'))
          this.#ports.logger.warn('the size of a claim cannot be written', { namespace, claim: name, error });
      }
    });
  }

  #isOwn({ namespace, name }: ClaimExpansion): boolean {
    return this.#ports.view
      .podsOf(this.#nodeName)
      .some((pod) => pod.metadata.namespace === namespace && volumeClaimNames(pod).includes(name));
  }

  async #write(report: ClaimExpansion): Promise<void> {
    const { client, clock } = this.#ports;
    const { namespace, name, uid } = report;
    await retryOnConflict(async () => {
      const claim = await client.get(PersistentVolumeClaim, { namespace, name });
      if (claim.metadata.uid !== uid) return;
      const status = statusAfter(report, claim.status, timestamp(clock));
      if (status) await client.updateStatus(PersistentVolumeClaim, { ...claim, status });
    });
  }
}

/** Undefined where it is known. */
function statusAfter(report: ClaimExpansion, status: PersistentVolumeClaimStatus | undefined, now: string) {
  if (report.isInProgress) return begun(status);
  return report.error ? failed(status, report, now) : grown(status, report.storage);
}

/** Only what waits for its node: another one may have been quicker. */
function begun(status: PersistentVolumeClaimStatus = {}): PersistentVolumeClaimStatus | undefined {
  if (status.allocatedResourceStatuses?.storage !== 'NodeResizePending') return undefined;
  return { ...status, allocatedResourceStatuses: { ...status.allocatedResourceStatuses, storage: 'NodeResizeInProgress' } };
}

function grown(status: PersistentVolumeClaimStatus = {}, storage: string): PersistentVolumeClaimStatus | undefined {
  const { conditions = [], allocatedResourceStatuses = {}, ...others } = status;
  const kept = conditions.filter(({ type }) => !resizeConditions.includes(type));
  const { storage: resizing, ...otherStatuses } = allocatedResourceStatuses;
  const isLarger = parseQuantity(storage).compare(parseQuantity(String(status.capacity?.storage ?? '0'))) > 0;
  if (!isLarger && resizing === undefined && kept.length === conditions.length) return undefined;
  return {
    ...others,
    capacity: { ...status.capacity, ...(isLarger && { storage }) },
    ...(kept.length > 0 && { conditions: kept }),
    ...(Object.keys(otherStatuses).length > 0 && { allocatedResourceStatuses: otherStatuses }),
  };
}

function failed(
  status: PersistentVolumeClaimStatus = {},
  { error = '', isInfeasible }: ClaimExpansion,
  now: string,
): PersistentVolumeClaimStatus | undefined {
  const message = `failed to expand pvc with ${error}`.slice(0, messageCharactersMax);
  const known = status.conditions?.find(({ type }) => type === 'NodeResizeError');
  const isKnown = known?.status === 'True' && (!isInfeasible || status.allocatedResourceStatuses?.storage === 'NodeResizeInfeasible');
  if (isKnown) return undefined;
  const condition = { type: 'NodeResizeError', status: 'True', lastTransitionTime: now, message };
  return {
    ...status,
    conditions: [...(status.conditions ?? []).filter(({ type }) => type !== 'NodeResizeError'), condition],
    ...(isInfeasible && { allocatedResourceStatuses: { ...status.allocatedResourceStatuses, storage: 'NodeResizeInfeasible' } }),
  };
}
