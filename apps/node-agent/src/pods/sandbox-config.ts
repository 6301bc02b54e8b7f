// What the runtime is asked to make for a pod as a whole: names, namespaces, name servers, cgroup. Pure.
import { everyContainer, type Pod, type RuntimeClass } from '@berth/api';
import type { SandboxConfig } from '@berth/runtime';
import { labels } from './observed.ts';
import { kernelHostname } from './pod-hostname.ts';

export function sandboxConfig(
  pod: Pod,
  attempt: number,
  { clusterDomain, ...node }: Pick<SandboxConfig, 'logDirectory' | 'cgroupParent' | 'dns' | 'userNamespace'> & { clusterDomain: string },
): SandboxConfig {
  const { name, namespace = '', uid = '' } = pod.metadata;
  return {
    ...{ name, namespace, uid, attempt, ...node },
    hostname: pod.spec.hostNetwork ? '' : kernelHostname(pod, clusterDomain),
    labels: { ...pod.metadata.labels, [labels.podName]: name, [labels.podNamespace]: namespace, [labels.podUid]: uid },
    annotations: {},
    hostNetwork: pod.spec.hostNetwork === true,
    hostPid: pod.spec.hostPID === true,
    hostIpc: pod.spec.hostIPC === true,
    shareProcessNamespace: pod.spec.shareProcessNamespace === true,
    privileged: everyContainer(pod.spec).some(({ securityContext }) => securityContext?.privileged === true),
    sysctls: Object.fromEntries((pod.spec.securityContext?.sysctls ?? []).map((s) => [dotted(s.name), s.value])),
  };
}

/** Whoever separates by slashes may have dots within a part, as in an interface's name; the runtime wants it the other way round. */
function dotted(sysctl: string): string {
  const [separator] = /[./]/.exec(sysctl) ?? [];
  return separator === '/' ? sysctl.replace(/[./]/g, (mark) => (mark === '/' ? '.' : '/')) : sysctl;
}

/** @throws Error when the pod's runtime class is not (yet) known here: it must not run in another way than it asked for */
export function runtimeHandler({ spec }: Pod, classes: { runtimeClass(name: string): RuntimeClass | undefined }): string {
  const { runtimeClassName } = spec;
  if (!runtimeClassName) return '';
  const found = classes.runtimeClass(runtimeClassName);
  if (!found) throw new Error(`failed to get sandbox runtime: RuntimeClass.node.k8s.io ${JSON.stringify(runtimeClassName)} not found`);
  return found.handler ?? '';
}
