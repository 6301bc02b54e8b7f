// What is worth asking for once it is known what is wrong: decisions of pods without a node, and the last lines of containers that ended.
// Asking for all of it beforehand would cost a request a pod.
import type { ContainerStatus, Pod } from '@berth/api';

/** Enough to hold what a program says before it ends. */
export const logLinesRead = 50;

export interface EndedContainer {
  name: string;
  /** Of the run before, where the container runs again or waits to. */
  isPrevious: boolean;
}

export function endedContainers({ status }: Pod): EndedContainer[] {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return all.filter(hasFailed).map(({ name, state, restartCount }) => ({ name, isPrevious: !state?.terminated && restartCount > 0 }));
}

function hasFailed({ state, lastState, restartCount }: ContainerStatus): boolean {
  if (state?.terminated) return state.terminated.exitCode !== 0;
  return lastState?.terminated !== undefined && (state?.waiting !== undefined || restartCount > 1);
}
