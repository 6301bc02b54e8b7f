// Runs a container's probes while it runs: startup first, then readiness and liveness. Results are kept by container id, so
// a restarted container begins anew; the pod is woken only when an outcome changes.
import type { Container, Pod, Probe } from '@berth/api';
import type { Clock, Logger, Random, Timer } from '@berth/telemetry';
import type { Unhealthy } from '../pods/plan.ts';
import type { ProbeRunner } from './probe.ts';

type ProbeKind = 'startup' | 'liveness' | 'readiness';

/** Where a probe says nothing, or 0. */
const periodSecondsDefault = 10;
const failureThresholdDefault = 3;

interface ProbeState {
  kind: ProbeKind;
  probe: Probe;
  /** Successive results like the newest one. */
  streak: number;
  lastSuccess?: boolean;
  outcome: boolean;
  message: string;
  timer?: Timer;
  stopped?: boolean;
}

interface ContainerProbes {
  podUid: string;
  pod: Pod;
  container: Container;
  podIp: string;
  states: Map<ProbeKind, ProbeState>;
}

export interface WatchedContainer {
  pod: Pod;
  container: Container;
  containerId: string;
  podIp: string;
  startedAtMs: number;
  /** It ran before this agent did, and keeps what was known of it until probed. */
  adopted?: { started: boolean; ready: boolean };
}

export interface ProberEvents {
  /** For the Unhealthy event, e.g. `Liveness probe failed: …`. */
  failed(pod: Pod, container: string, message: string): void;
  /** For the ProbeWarning event, of an attempt that succeeded. */
  warned(pod: Pod, container: string, message: string): void;
  /** A container's outcome is another than before. */
  changed(podUid: string): void;
}

export class Prober {
  readonly #runner: ProbeRunner;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #events: ProberEvents;
  readonly #containers = new Map<string, ContainerProbes>();

  constructor(deps: { runner: ProbeRunner; clock: Clock; random: Random; logger: Logger; events: ProberEvents }) {
    this.#runner = deps.runner;
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#logger = deps.logger;
    this.#events = deps.events;
  }

  /** Begins probing a running container; repeated calls change nothing. */
  watch({ pod, container, containerId, podIp, startedAtMs, adopted }: WatchedContainer): void {
    if (this.#containers.has(containerId)) return;
    const entry: ContainerProbes = { podUid: pod.metadata.uid ?? '', pod, container, podIp, states: new Map() };
    const add = (kind: ProbeKind, probe: Probe | undefined, outcome: boolean) => {
      if (probe) entry.states.set(kind, { kind, probe, streak: 0, outcome, message: '' });
    };
    add('startup', container.startupProbe, adopted?.started === true);
    add('liveness', container.livenessProbe, true);
    add('readiness', container.readinessProbe, adopted?.ready === true);
    this.#containers.set(containerId, entry);
    const ageMs = this.#clock.now() - startedAtMs;
    for (const state of entry.states.values()) {
      // What has started once is not asked again.
      if (state.kind === 'startup' && state.outcome) continue;
      const initialMs = Math.max(0, (state.probe.initialDelaySeconds ?? 0) * 1000 - ageMs);
      // After an agent restart all probes would fire together; a little chance spreads them.
      this.#arm(containerId, entry, state, adopted ? Math.max(initialMs, this.#random.int(1000)) : initialMs);
    }
  }

  /** The container is being ended: only readiness still matters. */
  stopHealth(containerId: string): void {
    const states = this.#containers.get(containerId)?.states;
    for (const kind of ['startup', 'liveness'] as const) {
      const state = states?.get(kind);
      if (!state) continue;
      state.timer?.cancel();
      state.stopped = true;
    }
  }

  forget(containerId: string): void {
    const entry = this.#containers.get(containerId);
    for (const state of entry?.states.values() ?? []) state.timer?.cancel();
    this.#containers.delete(containerId);
  }

  started(container: Container, containerId: string): boolean {
    if (!container.startupProbe) return true;
    return this.#containers.get(containerId)?.states.get('startup')?.outcome ?? false;
  }

  ready(container: Container, containerId: string): boolean {
    if (!container.readinessProbe) return true;
    return this.#containers.get(containerId)?.states.get('readiness')?.outcome ?? false;
  }

  /** Why the container must end, if it must. */
  unhealthy(container: Container, containerId: string): Unhealthy | undefined {
    const states = this.#containers.get(containerId)?.states;
    const startup = states?.get('startup');
    if (startup && !startup.stopped && !startup.outcome && exhausted(startup)) return ending(container, startup);
    const liveness = states?.get('liveness');
    return liveness && !liveness.stopped && !liveness.outcome ? ending(container, liveness) : undefined;
  }

  #arm(containerId: string, entry: ContainerProbes, state: ProbeState, delayMs: number): void {
    state.timer = this.#clock.after(delayMs, () => {
      this.#attempt(containerId, entry, state).catch((error: unknown) =>
        this.#logger.error('a probe broke', { container: containerId, error }),
      );
    });
  }

  async #attempt(containerId: string, entry: ContainerProbes, state: ProbeState): Promise<void> {
    const periodMs = (state.probe.periodSeconds || periodSecondsDefault) * 1000;
    const blocked = state.kind !== 'startup' && !this.started(entry.container, containerId);
    if (!blocked) {
      const target = { pod: entry.pod, container: entry.container, containerId, podIp: entry.podIp };
      const result = await this.#runner.run(state.probe, target).catch((error: Error) => error);
      if (this.#containers.get(containerId) !== entry || state.stopped) return;
      // An attempt that could not be made says nothing about the container.
      if (result instanceof Error) {
        const message = `${title(state.kind)} probe errored and resulted in unknown state: ${result.message}`;
        this.#events.failed(entry.pod, entry.container.name, message);
      } else {
        if (result.isWarning) this.#events.warned(entry.pod, entry.container.name, `${title(state.kind)} probe warning: ${result.message}`);
        this.#record(entry, state, result.success, result.message);
      }
      if (state.kind === 'startup' && state.outcome) return;
    }
    this.#arm(containerId, entry, state, periodMs);
  }

  #record(entry: ContainerProbes, state: ProbeState, success: boolean, message: string): void {
    state.streak = state.lastSuccess === success ? state.streak + 1 : 1;
    state.lastSuccess = success;
    state.message = message;
    if (!success) this.#events.failed(entry.pod, entry.container.name, `${title(state.kind)} probe failed: ${message}`);
    const threshold = success ? state.probe.successThreshold || 1 : failureThreshold(state.probe);
    if (state.streak < threshold) return;
    if (state.outcome !== success || (state.kind === 'startup' && !success)) {
      state.outcome = success;
      if (success && state.kind === 'startup') this.#hasten(entry);
      this.#events.changed(entry.podUid);
    }
  }

  /** A container that has just started need not wait a whole period for its first readiness result. */
  #hasten(entry: ContainerProbes): void {
    for (const [containerId, known] of this.#containers) {
      if (known !== entry) continue;
      for (const state of entry.states.values()) {
        if (state.kind !== 'readiness' || state.lastSuccess !== undefined) continue;
        state.timer?.cancel();
        this.#arm(containerId, entry, state, 0);
      }
    }
  }
}

function failureThreshold({ failureThreshold: threshold }: Probe): number {
  return threshold || failureThresholdDefault;
}

function exhausted(state: ProbeState): boolean {
  return state.lastSuccess === false && state.streak >= failureThreshold(state.probe);
}

function ending(container: Container, { kind, probe }: ProbeState): Unhealthy {
  const message = `Container ${container.name} failed ${kind} probe`;
  return probe.terminationGracePeriodSeconds === undefined ? { message } : { message, graceSeconds: probe.terminationGracePeriodSeconds };
}

function title(kind: ProbeKind): string {
  return `${kind[0]?.toUpperCase()}${kind.slice(1)}`;
}
