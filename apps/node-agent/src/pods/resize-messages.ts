// What events say of a resize: the amounts of every container as JSON, in the order in which Kubernetes writes them.
import type { Container, Pod } from '@berth/api';

export function resizeMessage(title: string, pod: Pod, error?: string): string {
  const { containers, initContainers } = pod.spec;
  const told = {
    ...(initContainers?.length && { initContainers: initContainers.map(sizeOf) }),
    containers: containers.map(sizeOf),
    generation: pod.metadata.generation ?? 0,
    ...(error && { error }),
  };
  return `Pod resize ${title}: ${JSON.stringify(told)}`;
}

function sizeOf({ name, resources }: Container) {
  return { name, resources: { ...sorted('limits', resources?.limits), ...sorted('requests', resources?.requests) } };
}

function sorted(key: string, amounts: Record<string, string> | undefined): object {
  const entries = Object.entries(amounts ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length > 0 ? { [key]: Object.fromEntries(entries) } : {};
}
