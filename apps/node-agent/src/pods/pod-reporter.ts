// What the control plane is told of one pod: its status, from what was observed and what is waited for; the same twice is sent
// once. Termination messages are read once an instance has ended, and kept.
import { type Container, type ContainerStatus, everyContainer, type Pod, type PodStatus } from '@berth/api';
import type { ContainerInfo } from '@berth/runtime';
import type { Prober } from '../probes/prober.ts';
import type { ContainerView, WaitingReason } from './container-status.ts';
import type { Failure } from './failure.ts';
import { newest, type ObservedPod } from './observed.ts';
import type { PodNode, PodReports } from './pod-environment.ts';
import type { PodResizer } from './pod-resizer.ts';
import { podStatus } from './pod-status.ts';
import type { PodTraces } from './pod-traces.ts';
import { restartsInRole } from './restart-policy.ts';

export interface PodReport {
  pod: Pod;
  podIps: string[];
  waiting: ReadonlyMap<string, WaitingReason>;
  failure: Failure | undefined;
  resizer: Pick<PodResizer, 'actual' | 'conditions' | 'isRestarting'>;
  /** Every container has ended for good. */
  terminated: boolean;
}

/** What it takes of the worker's environment. */
interface ReporterEnvironment {
  node: Pick<PodNode, 'clock' | 'hostIp'> & { prober: Pick<Prober, 'started' | 'ready'>; traces: Pick<PodTraces, 'terminationMessage'> };
  reports: Pick<PodReports, 'status'>;
}

export class PodReporter {
  readonly #node: ReporterEnvironment['node'];
  readonly #reports: ReporterEnvironment['reports'];
  readonly #messages = new Map<string, string>();
  #status: PodStatus | undefined;
  #reported = '';
  /** Version of the pod that was last contradicted. */
  #disputed = '';

  constructor({ node, reports }: ReporterEnvironment, status: PodStatus | undefined) {
    this.#node = node;
    this.#reports = reports;
    this.#status = status;
  }

  /** The newest that was reported, or what the API held at first. */
  get status(): PodStatus | undefined {
    return this.#status;
  }

  statusOf(container: string): ContainerStatus | undefined {
    const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = this.#status ?? {};
    return [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].find((s) => s.name === container);
  }

  /** The number of the next instance of a container that the runtime does not know (any more). */
  nextAttempt(container: string): number {
    const status = this.statusOf(container);
    return status ? status.restartCount + (status.containerID ? 1 : 0) : 0;
  }

  async report(observed: ObservedPod, report: PodReport): Promise<void> {
    const { pod, podIps, failure, terminated } = report;
    await this.#readMessages(pod, observed);
    const view = (container: Container) => this.#view(container, observed, report);
    const status = podStatus({
      pod,
      previous: this.#status,
      nowMs: this.#node.clock.now(),
      hostIp: this.#node.hostIp,
      podIps: observed.sandbox ? podIps : [],
      terminated,
      sandboxReady: observed.sandbox?.state === 'ready',
      initContainers: (pod.spec.initContainers ?? []).map(view),
      containers: pod.spec.containers.map(view),
      ephemeralContainers: (pod.spec.ephemeralContainers ?? []).map(view),
      resizeConditions: report.resizer.conditions,
      ...(failure && { failure }),
    });
    this.#status = status;
    const text = `${terminated}${JSON.stringify(status)}`;
    if (text === this.#reported && !this.#isContradicted(pod, status)) return;
    this.#reported = text;
    this.#disputed = pod.metadata.resourceVersion ?? '';
    const { namespace = '', name, uid = '' } = pod.metadata;
    this.#reports.status({ namespace, name, uid, status, terminated });
  }

  /** While this node could not be reached, the control plane may have said that its pods are not ready. Once for each version. */
  #isContradicted({ metadata, status }: Pod, own: PodStatus): boolean {
    return metadata.resourceVersion !== this.#disputed && readiness(status) !== readiness(own);
  }

  #view(container: Container, observed: ObservedPod, { pod, waiting, resizer }: PodReport): ContainerView {
    const { prober } = this.#node;
    const current = newest(observed, container.name);
    const previous = this.statusOf(container.name);
    const isKnown = current !== undefined || previous?.containerID !== undefined;
    // What has ended for good waits for nothing, even when its end is all that is known of a start that failed.
    const isSettled = current?.state === 'running' || (current?.state === 'exited' && !this.#startsAgain(pod, container, current, resizer));
    const reason = isSettled ? undefined : (waiting.get(container.name) ?? (isKnown ? undefined : defaultWaiting(pod, container)));
    return {
      container,
      instances: observed.containers.get(container.name) ?? [],
      ...(reason && { waiting: reason }),
      ...(current && { actual: resizer.actual(container, current) }),
      started: current !== undefined && prober.started(container, current.id),
      ready: current !== undefined && prober.ready(container, current.id),
      previous,
      terminationMessage: (instance: ContainerInfo) => this.#messages.get(instance.id) ?? '',
    };
  }

  #startsAgain(pod: Pod, container: Container, ended: ContainerInfo, resizer: PodReport['resizer']): boolean {
    return restartsInRole(container, pod.spec).after(ended.exitCode) || resizer.isRestarting(ended.id);
  }

  async #readMessages(pod: Pod, observed: ObservedPod): Promise<void> {
    for (const container of everyContainer(pod.spec)) {
      for (const instance of observed.containers.get(container.name) ?? []) {
        if (instance.state !== 'exited' || this.#messages.has(instance.id)) continue;
        this.#messages.set(instance.id, await this.#node.traces.terminationMessage(pod, container, instance));
      }
    }
  }
}

function defaultWaiting(pod: Pod, container: Container): WaitingReason {
  const isEphemeral = pod.spec.ephemeralContainers?.includes(container);
  const hasInit = (pod.spec.initContainers?.length ?? 0) > 0;
  return { reason: hasInit && !isEphemeral ? 'PodInitializing' : 'ContainerCreating' };
}

function readiness(status: PodStatus | undefined): string | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status;
}
