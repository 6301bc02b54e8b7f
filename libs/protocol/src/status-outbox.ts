// What an agent has observed and the gateway has not confirmed. Pod statuses merge per pod while unsent, newest first to
// win, and return to the queue when a session breaks; so each is delivered at least once. One that cannot be written waits by itself, with
// growing pauses, and holds up no other pod's. Events are best effort.
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
/** Before what could not be written is sent again. */
const pauseMsFirst = 100;
const pauseMsMax = 5_000;
/** Events kept while there is no session; the oldest go first. */
const eventsMax = 1000;
/** Volumes of which something is not confirmed yet. */
const volumesMax = 10_000;

export class StatusOutbox {
  readonly #pending = new Map<string, PodStatusReport>();
  readonly #inFlight = new Map<number, PodStatusReport[]>();
  /** Of pods whose statuses could not be written. */
  readonly #pauses = new Map<string, { tries: number; dueMs: number }>();
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

  /** When what waits for its next try is due; undefined: nothing does, or nothing may be sent before an acknowledgement. */
  get dueMs(): number | undefined {
    if (this.#inFlight.size >= batchesInFlightMax) return undefined;
    const due = [...this.#pauses].flatMap(([uid, { dueMs }]) => (this.#pending.has(uid) ? [dueMs] : []));
    return due.length > 0 ? Math.min(...due) : undefined;
  }

  /** Everything that may be sent now. */
  take(nowMs: number): AgentToGateway[] {
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
    while (this.#inFlight.size < batchesInFlightMax) {
      const statuses = this.#dueStatuses(nowMs);
      if (statuses.length === 0) break;
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

  #dueStatuses(nowMs: number): PodStatusReport[] {
    const due = [];
    for (const report of this.#pending.values()) {
      if ((this.#pauses.get(report.uid)?.dueMs ?? 0) > nowMs) continue;
      due.push(report);
      if (due.length === batchSizeMax) break;
    }
    return due;
  }

  /** Batches are acknowledged in order: this one and all before it are durable, but for the pods that are named. */
  acknowledge(sequence: number, unwritten: readonly string[], nowMs: number): void {
    for (const [sent, statuses] of this.#inFlight) {
      if (sent > sequence) continue;
      this.#inFlight.delete(sent);
      for (const report of statuses) {
        if (sent < sequence || !unwritten.includes(report.uid)) this.#pauses.delete(report.uid);
        else this.#hold(report, nowMs);
      }
    }
  }

  #hold(report: PodStatusReport, nowMs: number): void {
    const tries = this.#pauses.get(report.uid)?.tries ?? 0;
    this.#pauses.set(report.uid, { tries: tries + 1, dueMs: nowMs + Math.min(pauseMsMax, pauseMsFirst * 2 ** Math.min(tries, 10)) });
    this.#return(report);
  }

  /** Goes again, unless something newer waits already. */
  #return(report: PodStatusReport): void {
    const newer = this.#pending.get(report.uid);
    if (!newer) this.#pending.set(report.uid, report);
    else if (report.terminated) this.#pending.set(report.uid, { ...newer, terminated: true });
  }

  /** The session broke: what was not confirmed goes again, unless something newer waits already. */
  sessionLost(): void {
    const returned = new Map<string, PodStatusReport>();
    for (const statuses of this.#inFlight.values()) for (const report of statuses) returned.set(report.uid, report);
    this.#inFlight.clear();
    this.#pauses.clear();
    for (const report of returned.values()) this.#return(report);
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
