// Why the agent ends a pod of its own accord: this node did not take it, its deadline has passed, or it was evicted. The first reason
// stands. A pod that waits to be taken is left alone until it is.
import type { Pod } from '@berth/api';
import type { Failure } from './failure.ts';
import type { PodEnvironment, PodNode, PodReports } from './pod-environment.ts';

export class PodEnding {
  readonly #node: Pick<PodNode, 'admissions' | 'clock'>;
  readonly #reports: Pick<PodReports, 'event'>;
  #failure: Failure | undefined;
  #isAdmitted: boolean;

  /** @param adopted the runtime held something of this pod when the agent started */
  constructor({ node, reports }: Pick<PodEnvironment, 'node' | 'reports'>, pod: Pod, adopted: boolean) {
    this.#node = node;
    this.#reports = reports;
    // Only an agent that takes a pod gives it a start time.
    this.#isAdmitted = adopted || pod.status?.startTime !== undefined;
    if (this.#isAdmitted) node.admissions.keep(pod);
  }

  get failure(): Failure | undefined {
    return this.#failure;
  }

  get isAdmitted(): boolean {
    return this.#isAdmitted;
  }

  /** Decides anew what has to be decided. @returns when to look again */
  look(pod: Pod, startTime: string | undefined): number | undefined {
    if (this.#failure) return undefined;
    if (!this.#isAdmitted) {
      const answer = this.#node.admissions.decide(pod);
      if (answer !== 'admitted') {
        if ('againAtMs' in answer) return answer.againAtMs;
        this.end(pod, { ...answer, message: `Pod was rejected: ${answer.message}`, isRejected: true }, answer.message);
        return undefined;
      }
      this.#isAdmitted = true;
    }
    return this.#checkDeadline(pod, startTime);
  }

  /** Ends the pod, unless it is ended already. @param told in the event, where that says less than the status */
  end(pod: Pod, failure: Failure, told = failure.message, type: 'Normal' | 'Warning' = 'Warning'): void {
    if (this.#failure) return;
    this.#failure = failure;
    if (!failure.hasNoEvent) this.#reports.event(pod, type, failure.reason, told);
  }

  #checkDeadline(pod: Pod, startTime: string | undefined): number | undefined {
    const seconds = pod.spec.activeDeadlineSeconds;
    if (seconds === undefined || !startTime) return undefined;
    const dueMs = Date.parse(startTime) + seconds * 1000;
    // A time that cannot be read is no reason to end anything.
    if (Number.isNaN(dueMs)) return undefined;
    if (this.#node.clock.now() < dueMs) return dueMs;
    const message = 'Pod was active on the node longer than the specified deadline';
    this.end(pod, { reason: 'DeadlineExceeded', message }, message, 'Normal');
    return undefined;
  }
}
