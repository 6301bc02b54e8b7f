// A pod's phase from its containers' statuses (Kubernetes, "Pod phase"): Pending until every container has run once, Running while
// one runs or will again, and then Succeeded or Failed. Pure.
import type { Container, ContainerStatus, PodSpec } from '@berth/api';
import { initRestartsOf, isSidecar, restartsOf } from './restart-policy.ts';

/** A container with its status. */
interface Shown {
  container: Container;
  status: ContainerStatus | undefined;
}

/**
 * @param init statuses of init containers, in any order
 * @param terminated everything has ended, and nothing is to run any more
 */
export function podPhase(spec: PodSpec, init: ContainerStatus[], main: ContainerStatus[], terminated: boolean): string {
  const initContainers = (spec.initContainers ?? []).map((container) => shown(container, init));
  const oneShot = initContainers.filter(({ container }) => !isSidecar(container));
  const sidecars = initContainers.filter(({ container }) => isSidecar(container));
  const containers = spec.containers.map((container) => shown(container, main));
  if (oneShot.some(({ container, status }) => failedForGood(container, status, spec))) return 'Failed';
  const succeeded = containers.every(({ status }) => lastEnd(status)?.exitCode === 0);
  if (terminated) return succeeded ? 'Succeeded' : 'Failed';
  const hasBegun = containers.some(({ status }) => status?.state?.running || lastEnd(status));
  if (!hasBegun && oneShot.some(({ status }) => !lastEnd(status) || status?.state?.running)) return 'Pending';
  if (!hasBegun && sidecars.some(({ status }) => !(status?.started || lastEnd(status)))) return 'Pending';
  if (containers.some(({ status }) => !status?.state?.running && !lastEnd(status))) return 'Pending';
  // A sidecar that is still being stopped is a running container.
  if ([...containers, ...sidecars].some(({ status }) => status?.state?.running)) return 'Running';
  if (containers.some(({ container, status }) => restartsOf(container, spec).after(lastEnd(status)?.exitCode ?? 0))) return 'Running';
  return succeeded ? 'Succeeded' : 'Failed';
}

function shown(container: Container, statuses: ContainerStatus[]): Shown {
  return { container, status: statuses.find(({ name }) => name === container.name) };
}

/** How the newest instance ended; of one that waits to run again, the one before. */
function lastEnd(status: ContainerStatus | undefined) {
  return status?.state?.terminated ?? (status?.state?.waiting ? status.lastState?.terminated : undefined);
}

function failedForGood(container: Container, status: ContainerStatus | undefined, spec: PodSpec): boolean {
  const exitCode = lastEnd(status)?.exitCode ?? 0;
  return exitCode !== 0 && !initRestartsOf(container, spec).after(exitCode);
}
