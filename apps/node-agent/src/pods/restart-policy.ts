// Which containers of a pod start again after what. How a container's own rules and policy and the pod's go together, the API
// knows (`containerShouldRestart`). Pure.
import { type Container, containerShouldRestart, type PodSpec } from '@berth/api';

/** When a container starts again: by how it ended, and after the agent has stopped it. */
export interface Restarts {
  after(exitCode: number): boolean;
  /** There is no exit code of the container's own then, so its rules say nothing. */
  whenStopped: boolean;
}

export const neverRestarts: Restarts = { after: () => false, whenStopped: false };

export function restartsOf(container: Container, spec: PodSpec): Restarts {
  return { after: (exitCode) => containerShouldRestart(container, spec, exitCode), whenStopped: restartsWhenStopped(container, spec) };
}

/** An init container has done its work once it ended well; a sidecar never has. */
export function initRestartsOf(container: Container, spec: PodSpec): Restarts {
  const after = (exitCode: number) => isSidecar(container) || (exitCode !== 0 && containerShouldRestart(container, spec, exitCode));
  return { after, whenStopped: restartsWhenStopped(container, spec) };
}

/** Of a container in whichever role it has in the pod. */
export function restartsInRole(container: Container, spec: PodSpec): Restarts {
  if (spec.containers.includes(container)) return restartsOf(container, spec);
  return spec.initContainers?.includes(container) ? initRestartsOf(container, spec) : neverRestarts;
}

export function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === 'Always';
}

function restartsWhenStopped(container: Container, spec: PodSpec): boolean {
  return (container.restartPolicy || spec.restartPolicy) !== 'Never';
}
