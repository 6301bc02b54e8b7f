// What an agent has observed and the gateway has not confirmed. Pod statuses merge per pod while unsent, newest first to
// win, and return to the queue when a session breaks; so each is delivered at least once. Events are best effort.
import type { KubeObject } from '@berth/machinery';
import type { AgentEvent, CsiNodeReport, PodStatusReport } from './agent-link.ts';
import type { AgentToGateway } from './session-messages.ts';

type AboutVolume = Extract<
  AgentToGateway,
  { type: 'volumeMade' | 'volumeRemoved' | 'snapshotTaken' | 'snapshotRemoved' | 'claimExpanded' }
>;

/** Statuses in one batch; what is left goes with the next. */
const batchSizeMax = 100;
/** Batches sent and not acknowledged; while one is on its way the next ones merge. */
const batchesInFlightMax = 2;
/** Events kept while there is no session; the oldest go first. */
const eventsMax = 1000;
/** Volumes of which something is not confirmed yet. */
const volumesMax = 10_000;

export class StatusOutbox {
  readonly #pending = new Map<string, PodStatusReport>();
  readonly #inFlight = new Map<number, PodStatusReport[]>();
  readonly #volumes = new Map<string, { message: AboutVolume; sent: boolean }>();
  #nodeStatus: object | undefined;
  #nodeStatusSent = true;
  #staticPods: KubeObject[] | undefined;
  #staticPodsSent = true;
  #csiNode: CsiNodeReport | undefined;
  #csiNodeSent = true;
  #events: AgentEvent[] = [];
  #sequence = 0;

  addPod(report: PodStatusReport): void {
    const earlier = this.#pending.get(report.uid);
    // That a pod is gone is final, whatever is said of it later.
    this.#pending.set(report.uid, earlier?.terminated ? { ...report, terminated: true } : report);
  }

  addNode(status: object): void {
    this.#nodeStatus = status;
    this.#nodeStatusSent = false;
  }

  setStaticPods(pods: KubeObject[]): void {
    this.#staticPods = pods;
    this.#staticPodsSent = false;
  }

  setCsiNode(report: CsiNodeReport): void {
    this.#csiNode = report;
    this.#csiNodeSent = false;
  }

  addEvent(event: AgentEvent): void {
    if (this.#events.length >= eventsMax) this.#events.shift();
    this.#events.push(event);
  }

  addVolume(message: AboutVolume): void {
    const key = `${message.type}/${message.report.uid}`;
    if (this.#volumes.size >= volumesMax && !this.#volumes.has(key)) {
      throw new Error(
        `what was made and removed of ${volumesMax} volumes is unconfirmed; check why their PersistentVolumes cannot be written`,
      );
    }
    this.#volumes.set(key, { message, sent: false });
  }

  /** @param type absent: everything that was said of it */
  confirmVolume(name: string, type?: AboutVolume['type']): void {
    for (const [key, { message }] of this.#volumes) {
      const isMeant = nameOf(message) === name && (type ?? message.type) === message.type;
      if (isMeant) this.#volumes.delete(key);
    }
  }

  /** Everything that may be sent now. */
  take(): AgentToGateway[] {
    const messages: AgentToGateway[] = [];
    if (this.#nodeStatus && !this.#nodeStatusSent) {
      this.#nodeStatusSent = true;
      messages.push({ type: 'nodeStatus', status: this.#nodeStatus });
    }
    if (this.#staticPods && !this.#staticPodsSent) {
      this.#staticPodsSent = true;
      messages.push({ type: 'staticPods', pods: this.#staticPods });
    }
    if (this.#csiNode && !this.#csiNodeSent) {
      this.#csiNodeSent = true;
      messages.push({ type: 'csiNode', report: this.#csiNode });
    }
    while (this.#pending.size > 0 && this.#inFlight.size < batchesInFlightMax) {
      const statuses = [...this.#pending.values()].slice(0, batchSizeMax);
      for (const { uid } of statuses) this.#pending.delete(uid);
      const sequence = ++this.#sequence;
      this.#inFlight.set(sequence, statuses);
      messages.push({ type: 'podStatuses', sequence, statuses });
    }
    if (this.#events.length > 0) messages.push({ type: 'events', events: this.#events.splice(0) });
    for (const entry of this.#volumes.values()) {
      if (entry.sent) continue;
      entry.sent = true;
      messages.push(entry.message);
    }
    return messages;
  }

  /** Batches are acknowledged in order: this one and all before it are durable. */
  acknowledge(sequence: number): void {
    for (const sent of this.#inFlight.keys()) if (sent <= sequence) this.#inFlight.delete(sent);
  }

  /** The session broke: what was not confirmed goes again, unless something newer waits already. */
  sessionLost(): void {
    const returned = new Map<string, PodStatusReport>();
    for (const statuses of this.#inFlight.values()) for (const report of statuses) returned.set(report.uid, report);
    this.#inFlight.clear();
    for (const [uid, report] of returned) {
      const newer = this.#pending.get(uid);
      if (!newer) this.#pending.set(uid, report);
      else if (report.terminated) this.#pending.set(uid, { ...newer, terminated: true });
    }
    for (const entry of this.#volumes.values()) entry.sent = false;
    this.#nodeStatusSent = this.#nodeStatus === undefined;
    this.#staticPodsSent = this.#staticPods === undefined;
    this.#csiNodeSent = this.#csiNode === undefined;
  }
}

/** Of what it is about; a claim's with its namespace. */
function nameOf({ report }: AboutVolume): string {
  if ('content' in report) return report.content;
  return 'persistentVolume' in report ? report.persistentVolume : `${report.namespace}/${report.name}`;
}
