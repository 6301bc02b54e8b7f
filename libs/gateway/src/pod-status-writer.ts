// Writes what an agent reports of its pods. What must hold: only the node a pod is bound to writes its status, an ended
// pod stays ended, a deleted pod disappears only once its agent says that nothing of it runs.

import { isDeepStrictEqual } from 'node:util';
import { isTerminal, Pod, type PodStatus } from '@berth/api';
import { type Client, retryOnConflict } from '@berth/client';
import { isReason } from '@berth/machinery';
import type { PodStatusReport } from '@berth/protocol';
import type { Logger } from '@berth/telemetry';
import type { ClusterView } from './cluster-view.ts';

const fieldManager = 'berth-agent-gateway';
/** Conditions that only the agent writes, and that end by its not reporting them. */
const agentsOwn = ['PodResizePending', 'PodResizeInProgress'];
/** Conditions of which the agent's word counts; others it repeats as it knew them, which may be long ago. */
const agents = [...agentsOwn, 'PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'DisruptionTarget'];
/** Statuses of one batch that are written at a time. */
const concurrencyMax = 16;

export class PodStatusWriter {
  readonly #nodeName: string;
  readonly #client: Client;
  readonly #view: ClusterView;
  readonly #logger: Logger;
  /** What this session wrote last, until the informer has seen it. */
  readonly #written = new Map<string, Pod>();
  #stopped = false;

  constructor(nodeName: string, client: Client, view: ClusterView, logger: Logger) {
    this.#nodeName = nodeName;
    this.#client = client;
    this.#view = view;
    this.#logger = logger;
  }

  /** The session is over: what is not written yet is left to the next one, which gets it again. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Resolves once every status is durable, can never be, or has failed for now; one that fails holds up no other.
   * @returns the uids of pods that are worth another try
   */
  async write(reports: PodStatusReport[]): Promise<string[]> {
    const unwritten: string[] = [];
    const queue = reports.values();
    const worker = async () => {
      for (const report of queue) {
        if (this.#stopped) throw new Error('the session is over');
        if (!(await this.#isSettled(report))) unwritten.push(report.uid);
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrencyMax, reports.length) }, worker));
    return unwritten;
  }

  async #isSettled(report: PodStatusReport): Promise<boolean> {
    try {
      await this.#writeOne(report);
      return true;
    } catch (error) {
      this.#logger.warn('a pod’s status could not be written and is tried again', { pod: `${report.namespace}/${report.name}`, error });
      return false;
    }
  }

  async #writeOne(report: PodStatusReport): Promise<void> {
    try {
      let pod = await this.#writeStatus(report);
      if (!pod || !report.terminated) return;
      // The agent may know of a deletion that our cache has not seen; missing it would leave the pod terminating for ever.
      if (!pod.metadata.deletionTimestamp) pod = await this.#client.get(Pod, { namespace: report.namespace, name: report.name });
      if (pod.metadata.deletionTimestamp) await this.#finishDeletion(report);
    } catch (error) {
      if (isReason(error, 'NotFound')) this.#written.delete(report.uid);
      else if (isPermanent(error)) {
        this.#logger.warn('a pod’s status was refused', { pod: `${report.namespace}/${report.name}`, error });
      } else throw error;
    }
  }

  /** The pod as it is afterwards; undefined when it is gone, or not this node's. */
  #writeStatus(report: PodStatusReport): Promise<Pod | undefined> {
    return retryOnConflict(async (isAgain) => {
      if (this.#stopped) return undefined;
      const pod =
        (isAgain ? undefined : this.#latest(report)) ?? (await this.#client.get(Pod, { namespace: report.namespace, name: report.name }));
      if (pod.metadata.uid !== report.uid || pod.spec.nodeName !== this.#nodeName) return undefined;
      const status = mergePodStatus(pod.status, report.status as PodStatus);
      if (!status || isDeepStrictEqual(JSON.parse(JSON.stringify(status)), pod.status)) return pod;
      const written = await this.#client.updateStatus(Pod, { ...pod, status }, { fieldManager });
      this.#written.set(report.uid, written);
      return written;
    });
  }

  async #finishDeletion(report: PodStatusReport): Promise<void> {
    const key = { namespace: report.namespace, name: report.name };
    await this.#client.delete(Pod, key, { gracePeriodSeconds: 0, preconditions: { uid: report.uid } });
    this.#written.delete(report.uid);
  }

  /** The newer of the informer's and our own; resource versions are revisions of one store. */
  #latest(report: PodStatusReport): Pod | undefined {
    const cached = this.#view.pod(report.namespace, report.name);
    const written = this.#written.get(report.uid);
    if (!written || !cached) return cached ?? written;
    if (Number(cached.metadata.resourceVersion) < Number(written.metadata.resourceVersion)) return written;
    this.#written.delete(report.uid);
    return cached;
  }
}

/** Wrong whenever it is tried; everything else may succeed later. */
function isPermanent(error: unknown): boolean {
  return ['Invalid', 'BadRequest', 'Forbidden', 'RequestEntityTooLarge', 'Conflict'].some((reason) => isReason(error, reason));
}

/**
 * The agent's word, with conditions of other writers (the scheduler's PodScheduled, readiness gates) and fields it does not
 * know kept. Undefined when the pod has ended and the report says otherwise: a pod never ends twice.
 */
export function mergePodStatus(current: PodStatus | undefined, reported: PodStatus): PodStatus | undefined {
  if (isTerminal(current?.phase) && reported.phase !== current?.phase) return undefined;
  const others = new Map((current?.conditions ?? []).map((condition) => [condition.type, condition]));
  const conditions = (reported.conditions ?? []).map((condition) => {
    const old = others.get(condition.type);
    others.delete(condition.type);
    if (old && !agents.includes(condition.type)) return old;
    const same = old?.status === condition.status && old.lastTransitionTime;
    return same ? { ...condition, lastTransitionTime: old.lastTransitionTime } : condition;
  });
  const kept = {
    ...(current?.qosClass && { qosClass: current.qosClass }),
    ...(current?.nominatedNodeName && { nominatedNodeName: current.nominatedNodeName }),
    ...(current?.startTime && { startTime: current.startTime }),
    ...(current?.resourceClaimStatuses && { resourceClaimStatuses: current.resourceClaimStatuses }),
  };
  return {
    ...kept,
    ...reported,
    ...(current?.startTime && { startTime: current.startTime }),
    conditions: [...[...others.values()].filter(({ type }) => !agentsOwn.includes(type)), ...conditions],
  };
}
