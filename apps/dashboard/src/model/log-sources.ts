// Which logs are read of a pod or a workload, and whether that of the run before tells more than the present one.
import type { ContainerStatus, Pod } from '@berth/api';

export interface LoggedContainer {
  namespace: string;
  pod: string;
  container: string;
  /** The ID of its present run, or the last one; undefined when it has never run. */
  run: string | undefined;
  /** There is a run before the one whose log is read first. */
  hasPrevious: boolean;
  /** It ended badly, so that its log says why there is another run. */
  isPreviousTelling: boolean;
}

export function loggedContainers(pods: Pod[]): LoggedContainer[] {
  return pods.flatMap((pod) => {
    const { namespace = '', name: podName } = pod.metadata;
    const of = (names: { name: string }[] | undefined, statuses: ContainerStatus[] | undefined) =>
      (names ?? []).map(({ name }) => {
        const status = statuses?.find((one) => one.name === name);
        return { namespace, pod: podName, container: name, ...runsOf(status) };
      });
    return [...of(pod.spec.initContainers, pod.status?.initContainerStatuses), ...of(pod.spec.containers, pod.status?.containerStatuses)];
  });
}

/** While a container waits to be started again, the log that is read first is that of its last run already. */
export function runsOf(status: ContainerStatus | undefined): Pick<LoggedContainer, 'run' | 'hasPrevious' | 'isPreviousTelling'> {
  const { running, terminated } = status?.state ?? {};
  const last = status?.lastState?.terminated;
  const hasRun = running ?? terminated ?? last;
  const hasPrevious = last !== undefined && last !== null && Boolean(running ?? terminated);
  return { run: hasRun ? (status?.containerID ?? '') : undefined, hasPrevious, isPreviousTelling: hasPrevious && last.exitCode !== 0 };
}

export interface WantedLog {
  namespace: string;
  pod: string;
  container: string;
  isPrevious: boolean;
  run: string;
  label: string;
}

/** Labels name what differs: the pod, the container, or both. */
export function sourcesOf(containers: LoggedContainer[], withPrevious: boolean): WantedLog[] {
  const pods = new Set(containers.map(({ pod }) => pod));
  const names = new Set(containers.map(({ container }) => container));
  return containers.flatMap(({ namespace, pod, container, run, hasPrevious }) => {
    if (run === undefined) return [];
    const label = [...(pods.size > 1 ? [pod] : []), ...(names.size > 1 ? [container] : [])].join('/');
    const source = { namespace, pod, container, run, label, isPrevious: false };
    return withPrevious && hasPrevious ? [{ ...source, isPrevious: true }, source] : [source];
  });
}
