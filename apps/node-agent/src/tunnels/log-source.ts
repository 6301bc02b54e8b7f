// Where a container's log is, and what a reader is told when there is none: the kubelet's answers, word for word where clients
// show them.
import { dirname, join } from 'node:path';
import { waitingToStart } from '@berth/api';
import { StatusError } from '@berth/machinery';
import type { TunnelRequest } from '@berth/protocol';
import { type ContainerInfo, type Runtime, readLogs } from '@berth/runtime';
import type { Clock } from '@berth/telemetry';
import type { PodContainers } from './pod-containers.ts';

export interface LogSource {
  /** @throws StatusError when there is nothing to read */
  open(request: TunnelRequest, found: PodContainers): Promise<(signal: AbortSignal) => AsyncIterable<Uint8Array>>;
}

export interface LogFilesDeps {
  runtime: Pick<Runtime, 'containerStatus'>;
  clock: Clock;
  podLogDirectory(pod: PodContainers['pod']): string;
}

export class LogFiles implements LogSource {
  readonly #deps: LogFilesDeps;

  constructor(deps: LogFilesDeps) {
    this.#deps = deps;
  }

  async open(request: TunnelRequest, found: PodContainers): Promise<(signal: AbortSignal) => AsyncIterable<Uint8Array>> {
    const { runtime, clock } = this.#deps;
    const instance = chosenInstance(request, found);
    // Where the runtime writes it, as an earlier agent may have had another folder for logs.
    const path = instance.logPath || join(this.#deps.podLogDirectory(found.pod), instance.name, `${instance.attempt}.log`);
    const { log } = request;
    return (signal) =>
      readLogs(path, {
        root: dirname(dirname(dirname(path))),
        follow: log.follow,
        timestamps: log.timestamps,
        tailLines: log.tailLines,
        limitBytes: log.limitBytes,
        sinceTimeMs: sinceTime(log, clock.now()),
        clock,
        signal,
        isFinished: async () => ((await runtime.containerStatus(instance.id))?.state ?? 'exited') === 'exited',
      });
  }
}

function sinceTime({ sinceSeconds, sinceTime: text }: TunnelRequest['log'], nowMs: number): number | undefined {
  if (sinceSeconds !== undefined) return nowMs - sinceSeconds * 1000;
  return text === undefined ? undefined : Date.parse(text);
}

/**
 * The newest that has started, or the one before by what the status says: a container that waits to be started again has its last run for a former
 * one, and one that has ended has the run before that (kubelet, validateContainerLogStatus).
 */
function chosenInstance({ log, container, pod }: TunnelRequest, { instances, status }: PodContainers): ContainerInfo {
  const started = instances.filter(({ state }) => state !== 'created');
  if (log.previous) {
    const former = status?.lastState?.terminated?.containerID;
    const previous = started.find(({ id }) => `containerd://${id}` === former);
    if (previous) return previous;
    throw StatusError.badRequest(`previous terminated container "${container}" in pod "${pod}" not found`);
  }
  const [newest] = started;
  if (newest) return newest;
  throw StatusError.badRequest(waitingToStart(container, pod, status?.state?.waiting?.reason));
}
