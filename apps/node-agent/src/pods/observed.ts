// What the runtime holds of one pod, sorted so that planning and status read it the same way.
import type { ContainerInfo, SandboxInfo } from '@berth/runtime';

/** Labels on sandboxes and containers, as the kubelet sets them, so that crictl and others understand them. */
export const labels = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  containerName: 'io.kubernetes.container.name',
} as const;

/** The container's specification when it was made; a change of it is a reason to restart. */
export const specHashAnnotation = 'io.kubernetes.container.hash';
/** The container's size when it was made; it may have been resized since. */
export const resourcesAnnotation = 'io.berth.container.resources';
/** Which file the termination message is in, on the host. */
export const terminationMessageAnnotation = 'io.kubernetes.container.terminationMessageHostPath';

export interface ObservedPod {
  /** The newest sandbox. */
  sandbox?: SandboxInfo;
  olderSandboxes: SandboxInfo[];
  /** Container name → its instances, newest first. */
  containers: Map<string, ContainerInfo[]>;
}

export function observe(sandboxes: SandboxInfo[], containers: ContainerInfo[]): ObservedPod {
  const [sandbox, ...olderSandboxes] = [...sandboxes].sort((a, b) => b.attempt - a.attempt || b.createdAtMs - a.createdAtMs);
  const byName = new Map<string, ContainerInfo[]>();
  for (const container of [...containers].sort((a, b) => b.attempt - a.attempt || b.createdAtMs - a.createdAtMs)) {
    const instances = byName.get(container.name) ?? [];
    instances.push(container);
    byName.set(container.name, instances);
  }
  return { ...(sandbox && { sandbox }), olderSandboxes, containers: byName };
}

export function newest(observed: ObservedPod, name: string): ContainerInfo | undefined {
  return observed.containers.get(name)?.[0];
}

/** Sandboxes of the past that hold no container any more. */
export function emptySandboxes({ olderSandboxes, containers }: ObservedPod): SandboxInfo[] {
  const used = new Set([...containers.values()].flat().map((c) => c.sandboxId));
  return olderSandboxes.filter((sandbox) => !used.has(sandbox.id));
}

export function anyRunning(observed: ObservedPod): boolean {
  return [...observed.containers.values()].some((instances) => instances.some((c) => c.state === 'running' || c.state === 'created'));
}
