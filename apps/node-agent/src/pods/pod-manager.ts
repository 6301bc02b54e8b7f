// All pods of this node: one worker each, woken by what the control plane wants, by the runtime and by probes.
// After a restart it adopts what runs; what runs and is wanted by nobody is ended once the control plane has spoken.
import type { Pod } from '@berth/api';
import type { DesiredState, PodStatusReport } from '@berth/protocol';
import type { ContainerInfo } from '@berth/runtime';
import { timestamp } from '@berth/telemetry';
import { ImagePuller } from '../images/image-puller.ts';
import { Prober } from '../probes/prober.ts';
import { isMirror } from '../static-pods/mirror-annotation.ts';
import { StaticPods } from '../static-pods/static-pods.ts';
import type { PodContainers } from '../tunnels/pod-containers.ts';
import { AccountTokens } from '../volumes/account-tokens.ts';
import { workOnVolumes } from '../volumes/volume-work.ts';
import { Admissions, inAdmissionOrder } from './admissions.ts';
import { admittingNode } from './admitting-node.ts';
import { Allocations } from './allocations.ts';
import { containerFieldPath } from './container-field-path.ts';
import { DesiredCache, type DesiredChanges } from './desired-cache.ts';
import { EventThrottle } from './event-throttle.ts';
import { everyContainerStatus } from './every-container-status.ts';
import type { Failure } from './failure.ts';
import { Inventory } from './inventory.ts';
import { LogKeeper } from './log-keeper.ts';
import { networkState } from './network-state.ts';
import { labels } from './observed.ts';
import type { PodEnvironment, PodNode, PodSources } from './pod-environment.ts';
import type { PodManagerDeps } from './pod-manager-deps.ts';
import { PodSandboxes } from './pod-sandboxes.ts';
import { podSources } from './pod-sources.ts';
import { PodTraces } from './pod-traces.ts';
import { PodTracing } from './pod-tracing.ts';
import { PodWorker } from './pod-worker.ts';
import { RuntimeWatch } from './runtime-watch.ts';
import { runtimeHandler } from './sandbox-config.ts';

export class PodManager {
  readonly desired = new DesiredCache();
  readonly #deps: PodManagerDeps;
  readonly #workers = new Map<string, PodWorker>();
  readonly #inventory: Inventory;
  readonly #env: PodEnvironment;
  readonly #watch: RuntimeWatch;
  readonly #events: EventThrottle;
  readonly #tokens: AccountTokens;
  readonly #traces: PodTraces;
  readonly #static = new StaticPods({
    start: (pod) => this.#want(pod),
    remove: (uid) => (this.#workers.get(uid) ?? this.#orphan(uid)).remove(),
    leftovers: (namespace, name) =>
      [...this.#orphans].filter(([, pod]) => pod.namespace === namespace && pod.name === name).map(([uid]) => uid),
  });
  readonly #stopping = new AbortController();
  /** The control plane has said which pods it wants here. */
  #isTold = false;
  #orphans = new Map<string, { namespace: string; name: string }>();

  constructor(deps: PodManagerDeps) {
    this.#deps = deps;
    this.#inventory = new Inventory(deps.runtime);
    this.#watch = new RuntimeWatch({ ...deps, inventory: this.#inventory, workers: this.#workers, relist: () => this.#relist() });
    this.#events = new EventThrottle(deps.clock);
    this.#traces = new PodTraces(deps);
    this.#tokens = new AccountTokens({ ...deps, due: (uid) => this.#refresh(uid) });
    this.#env = this.#environment();
  }

  /** Learns what runs here already, then listens to the runtime. */
  async start(): Promise<void> {
    await this.#relist();
    this.#watch.start(this.#stopping.signal);
    if (this.#deps.writesFiles) void this.#logKeeper().run(this.#stopping.signal);
  }

  /** Stops looking; every container goes on. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the agent is stopping'));
    this.#tokens.stop();
    await Promise.all([...this.#workers.values()].map((worker) => worker.detach()));
  }

  /** Returns what others than pods are concerned by, too. */
  apply(state: DesiredState): DesiredChanges {
    const changes = this.desired.apply(state);
    this.#isTold ||= state.full;
    for (const pod of changes.removedPods) this.#workers.get(pod.metadata.uid ?? '')?.remove();
    for (const pod of inAdmissionOrder(changes.pods)) {
      if (isMirror(pod)) this.#mirrored(pod);
      else this.#want(pod);
    }
    if (changes.nodeChanged) this.#env.node.admissions.nodeChanged();
    if (changes.touchedNamespaces.size > 0) {
      for (const worker of this.#workers.values()) {
        if (changes.touchedNamespaces.has('*') || changes.touchedNamespaces.has(worker.pod.metadata.namespace ?? '')) worker.refresh();
      }
    }
    // Its zone is a label.
    if (changes.networkChanged || changes.nodeChanged || changes.pods.length > 0) this.#syncNetwork();
    workOnVolumes(changes, this.#deps);
    if (state.full) this.#endOrphans();
    return changes;
  }

  /** Storage drivers have come or gone: volumes may be had now, or given back. */
  driversChanged(): void {
    for (const worker of this.#workers.values()) if (worker.pod.spec.volumes?.length) worker.refresh();
  }

  /** The running or last container of that name, for tunnels. */
  async container(namespace: string, name: string, container: string): Promise<PodContainers | undefined> {
    const pod = this.#static.pod(namespace, name) ?? this.desired.pod(namespace, name);
    if (!pod) return undefined;
    const { sandboxes, containers } = await this.#inventory.pod(pod.metadata.uid ?? '');
    const instances = containers.filter((c) => c.name === container).sort((a, b) => b.attempt - a.attempt);
    const worker = this.#workers.get(pod.metadata.uid ?? '');
    const status = worker?.reporter.statusOf(container) ?? everyContainerStatus(pod.status).find(({ name: own }) => own === container);
    return { pod, instances, status, sandboxId: sandboxes.find((s) => s.state === 'ready')?.id, address: worker?.address.ips[0] };
  }

  /** With their statuses as this node knows them: the API may not have the newest yet. */
  pods(): Pod[] {
    return [...this.#workers.values()].map(({ pod, reporter }) => ({ ...pod, status: reporter.status }));
  }

  /** Resolves once nothing of it runs. */
  async evict(uid: string, failure: Failure): Promise<void> {
    const worker = this.#workers.get(uid);
    const ended = worker && this.#env.node.admissions.ended(uid);
    worker?.end(failure);
    await ended;
  }

  podName(uid: string): { namespace: string; name: string } | undefined {
    const metadata = this.#workers.get(uid)?.pod.metadata;
    return metadata && { namespace: metadata.namespace ?? '', name: metadata.name };
  }

  podLogDirectory(pod: Pod): string {
    return this.#deps.logs.podDirectory(pod);
  }

  /** Those that the node runs by itself. */
  setStatic(pods: Pod[]): void {
    this.#static.set(pods);
    this.#deps.link.setStaticPods(pods);
    this.#syncNetwork();
  }

  /** The API holds a mirror: what is known of its pod can be reported now. */
  #mirrored(mirror: Pod): void {
    const worker = [...this.#workers.values()].find(({ pod }) => this.#static.isMirrorOf(mirror, pod.metadata.uid ?? ''));
    const { namespace = '', name, uid = '' } = mirror.metadata;
    const status = worker?.reporter.status;
    if (status) this.#deps.link.reportPod({ namespace, name, uid, status, terminated: false });
  }

  #want(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const worker = this.#workers.get(uid);
    if (worker) {
      worker.update(pod);
      return;
    }
    const fresh = new PodWorker(pod, this.#env, this.#orphans.delete(uid));
    this.#workers.set(uid, fresh);
    fresh.wake();
  }

  /** Learns what is here, and ends what nobody wants: crashes, of the runtime too, leave things that no worker knows of. */
  async #relist(): Promise<void> {
    const found = await this.#inventory.relist();
    for (const uid of await this.#traces.knownPods()) if (!found.has(uid)) found.set(uid, { namespace: '', name: '' });
    for (const [uid, pod] of found) if (!this.#workers.has(uid)) this.#orphans.set(uid, pod);
    if (this.#isTold) this.#endOrphans();
  }

  /** What runs here, but is in nobody's desired state any more. */
  #endOrphans(): void {
    for (const uid of [...this.#orphans.keys()]) this.#orphan(uid).remove();
  }

  #orphan(uid: string): PodWorker {
    const { namespace = '', name = '' } = this.#orphans.get(uid) ?? {};
    this.#orphans.delete(uid);
    const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, uid }, spec: { containers: [] } };
    const worker = new PodWorker(pod, this.#env, true);
    this.#workers.set(uid, worker);
    return worker;
  }

  #refresh(uid: string): void {
    this.#workers.get(uid)?.refresh();
  }

  /** Before the control plane's first word, what is known here is not all: rules that an earlier agent made stay as they are. */
  #syncNetwork(): void {
    if (!this.#isTold) return;
    const workers = [...this.#workers.values()];
    this.#deps.network.sync(networkState(this.desired, workers));
  }

  #environment(): PodEnvironment {
    const wake = (uid: string) => this.#workers.get(uid)?.wake();
    const allocations = new Allocations(this.#deps.node.allocatable, this.#deps.clock, wake);
    return {
      node: this.#sharedParts(allocations, wake),
      sources: this.#sources(allocations),
      reports: {
        event: (pod, type, reason, message, fieldPath) => this.#record(pod, type, reason, message, fieldPath),
        status: (report) => this.#report(report),
        addressChanged: () => this.#syncNetwork(),
        gone: (uid) => this.#gone(uid),
      },
    };
  }

  #sharedParts(allocations: Allocations, wake: (uid: string) => void): PodNode {
    const { runtime, volumes, clock, logger, hostIp, node, writesFiles, capabilities, restartMarks, network, seccompDirectory } =
      this.#deps;
    const own = () =>
      admittingNode(node, this.desired.node(), {
        ...{ pressures: this.#deps.pressures(), isShuttingDown: this.#deps.isShuttingDown() },
        hasStrictGroups: this.#deps.runtimeFeatures().supplementalGroupsPolicy === true,
      });
    return {
      ...{ runtime, volumes, network, clock, logger, restartMarks, allocations },
      ...{ hostIp, writesFiles, capabilities, seccompDirectory, memoryBytes: node.allocatable.memoryBytes },
      runtimeFeatures: () => this.#deps.runtimeFeatures(),
      traces: this.#traces,
      tracing: this.#deps.tracing ?? new PodTracing(undefined),
      prober: this.#prober(),
      inventory: this.#inventory,
      images: new ImagePuller({ ...this.#deps.pulls, runtime, clock }),
      admissions: new Admissions({ allocations, clock, wake, node: own, evict: (uid, failure) => this.#workers.get(uid)?.end(failure) }),
    };
  }

  #sources(allocations: Allocations): PodSources {
    const { hostIp, node, network, link } = this.#deps;
    const sandboxes = new PodSandboxes({
      ...{ ...this.#deps, desired: this.desired, logDirectory: (pod) => this.podLogDirectory(pod) },
      cgroupPath: (uid) => this.#traces.cgroupPath(uid),
    });
    return {
      sandboxConfig: (pod, attempt) => sandboxes.config(pod, attempt),
      runtimeHandler: (pod) => runtimeHandler(pod, this.desired),
      ...podSources(this.desired, {
        ...{ hostIp, allocatable: node.allocatable, network, tokens: this.#tokens, volumesChanged: (uid) => this.#refresh(uid) },
        ...{ claimExpanded: (report) => link.reportClaimExpanded(report), event: (...event) => this.#record(...event) },
        earlier: ({ metadata }) => allocations.before(metadata.uid ?? ''),
      }),
    };
  }

  #gone(uid: string): void {
    this.#workers.delete(uid);
    this.#inventory.forget(uid);
    this.#events.forget(uid);
    this.#tokens.forget(uid);
    this.#env.node.images.releasePod(uid);
    this.#env.node.admissions.release(uid);
    this.#static.ended(uid);
  }

  #report(report: PodStatusReport): void {
    const known = this.#static.reported(report, this.desired.pod(report.namespace, report.name));
    if (known) this.#deps.link.reportPod(known);
    this.#syncNetwork();
  }

  #prober(): Prober {
    const { probes, clock, random, logger } = this.#deps;
    const events = {
      failed: (pod: Pod, container: string, message: string) =>
        this.#record(pod, 'Warning', 'Unhealthy', message, containerFieldPath(pod, container)),
      warned: (pod: Pod, container: string, message: string) =>
        this.#record(pod, 'Warning', 'ProbeWarning', message, containerFieldPath(pod, container)),
      changed: (uid: string) => this.#workers.get(uid)?.wake(),
    };
    return new Prober({ runner: probes, clock, random, logger, events });
  }

  #logKeeper(): LogKeeper {
    const { runtime, clock, logger, logs } = this.#deps;
    const logPath = ({ name: container, attempt, labels: names }: ContainerInfo) => {
      const pod = this.#workers.get(names[labels.podUid] ?? '')?.pod;
      return pod && logs.file(pod, { container, attempt });
    };
    return new LogKeeper({ runtime, clock, logger, logPath, root: logs.podsRoot, version: () => this.#inventory.version });
  }

  #record(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath = ''): void {
    const { namespace = '', name, uid = '' } = pod.metadata;
    const count = this.#events.admit(uid, type, `${reason}/${fieldPath}/${message}`);
    if (count === 0) return;
    const at = timestamp(this.#deps.clock);
    this.#deps.link.reportEvent({ namespace, kind: 'Pod', name, uid, fieldPath, type, reason, message, at, count });
  }
}
