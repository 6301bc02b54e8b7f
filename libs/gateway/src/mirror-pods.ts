// Pods that a node runs by itself, mirrored in the API so that they are seen and counted there. What is wanted is what the agent says
// it runs; a mirror that somebody deletes comes again, and one of nothing goes. An agent may mirror only what gains it nothing: pods
// of its own node that refer to nothing of the cluster's, as Kubernetes' NodeRestriction has it.
import { mirrorAnnotation, mirrorPodRefusal, Pod } from '@berth/api';
import type { Client } from '@berth/client';
import { isReason, type KubeObject, keyOf } from '@berth/machinery';
import type { Clock, Logger } from '@berth/telemetry';
import type { AgentEventWriter } from './agent-events.ts';
import type { ClusterView } from './cluster-view.ts';
import type { RetryQueue } from './retry-queue.ts';

const hashAnnotation = 'kubernetes.io/config.hash';
/** As many as an agent may run. */
const staticPodsMax = 1_000;
/** What the API refused may be taken later: its namespace was made, its quota raised. */
const refusedMs = 60_000;

export interface MirrorPorts {
  client: Client;
  view: ClusterView;
  events: AgentEventWriter;
  clock: Clock;
  logger: Logger;
}

export class MirrorPods {
  readonly #nodeName: string;
  readonly #ports: MirrorPorts;
  readonly #queue: RetryQueue;
  /** By namespace and name; undefined until the agent has said. */
  #wanted: Map<string, Pod> | undefined;
  /** Those that the API refused, by namespace and name, and until when they are left. */
  readonly #refused = new Map<string, { hash: string; untilMs: number }>();
  #isQueued = false;

  constructor(nodeName: string, ports: MirrorPorts, queue: RetryQueue) {
    this.#nodeName = nodeName;
    this.#ports = ports;
    this.#queue = queue;
  }

  mirror(pods: KubeObject[]): void {
    const taken = pods.slice(0, staticPodsMax) as Pod[];
    this.#wanted = new Map(taken.map((pod) => [keyOf(pod), pod]));
    this.#refused.clear();
    this.look();
  }

  /** Something about the node's pods may have changed. */
  look(): void {
    if (!this.#wanted || this.#isQueued || this.#missing().length + this.#surplus().length === 0) return;
    this.#isQueued = this.#queue.add(async () => {
      this.#isQueued = false;
      for (const pod of this.#surplus()) await this.#remove(pod);
      for (const pod of this.#missing()) await this.#create(pod);
    });
  }

  #missing(): Pod[] {
    const isMirrored = (pod: Pod) => {
      const found = this.#ports.view.pod(pod.metadata.namespace ?? '', pod.metadata.name);
      return (
        found !== undefined && found.spec.nodeName === this.#nodeName && hashOf(found) === hashOf(pod) && !found.metadata.deletionTimestamp
      );
    };
    const nowMs = this.#ports.clock.monotonicMs();
    const isRefused = (key: string, pod: Pod) => {
      const refused = this.#refused.get(key);
      return refused?.hash === hashOf(pod) && nowMs < refused.untilMs;
    };
    return [...(this.#wanted ?? [])].filter(([key, pod]) => !isRefused(key, pod) && !isMirrored(pod)).map(([, pod]) => pod);
  }

  #surplus(): Pod[] {
    const isWanted = (pod: Pod) => {
      const wanted = this.#wanted?.get(keyOf(pod));
      return wanted !== undefined && hashOf(wanted) === hashOf(pod) && !pod.metadata.deletionTimestamp;
    };
    return this.#ports.view.podsOf(this.#nodeName).filter((pod) => isMirror(pod) && !isWanted(pod));
  }

  async #remove({ metadata }: Pod): Promise<void> {
    const options = { gracePeriodSeconds: 0, ...(metadata.uid && { preconditions: { uid: metadata.uid } }) };
    await this.#ports.client.delete(Pod, { namespace: metadata.namespace ?? '', name: metadata.name }, options).catch((error: unknown) => {
      // It is gone, or another by now.
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error;
    });
  }

  async #create(pod: Pod): Promise<void> {
    const owner = this.#ports.view.node(this.#nodeName)?.metadata.uid;
    // It has just been registered, or was deleted: this is looked at again.
    if (!owner) return;
    const mirror = mirrorOf(pod, this.#nodeName, owner);
    const refusal = mirrorPodRefusal(mirror, this.#nodeName);
    if (refusal) return this.#refuse(pod, refusal);
    try {
      await this.#ports.client.create(Pod, mirror);
    } catch (error) {
      // A pod that is in the way ends some day, or this is our own that the view has not seen yet: then it is looked at again.
      if (isReason(error, 'AlreadyExists')) return;
      if (!['Invalid', 'BadRequest', 'Forbidden', 'NotFound', 'RequestEntityTooLarge'].some((reason) => isReason(error, reason)))
        throw error;
      this.#refuse(pod, (error as Error).message);
    }
  }

  #refuse(pod: Pod, message: string): void {
    this.#refused.set(keyOf(pod), { hash: hashOf(pod), untilMs: this.#ports.clock.monotonicMs() + refusedMs });
    this.#ports.logger.warn('a pod that the node runs by itself cannot be shown in the API', { pod: keyOf(pod), message });
    const about = { namespace: '', kind: 'Node', name: this.#nodeName, uid: this.#nodeName, fieldPath: '', at: '', count: 1 };
    const reason = 'FailedMirrorPod';
    this.#ports.events.add(this.#nodeName, { ...about, type: 'Warning', reason, message: `Mirror of ${keyOf(pod)}: ${message}` });
  }
}

function isMirror({ metadata }: Pod): boolean {
  return metadata.annotations?.[mirrorAnnotation] !== undefined;
}

function hashOf({ metadata }: Pod): string {
  return metadata.annotations?.[mirrorAnnotation] ?? metadata.annotations?.[hashAnnotation] ?? '';
}

function mirrorOf({ apiVersion, kind, metadata, spec }: Pod, nodeName: string, nodeUid: string): Pod {
  const { name, namespace = 'default', labels, annotations } = metadata;
  return {
    ...{ apiVersion, kind, spec },
    metadata: {
      ...{ name, namespace, ...(labels && { labels }) },
      annotations: { ...annotations, [mirrorAnnotation]: annotations?.[hashAnnotation] ?? '' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeUid, controller: true }],
    },
  };
}
