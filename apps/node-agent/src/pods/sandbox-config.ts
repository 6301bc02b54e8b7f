// What the runtime is asked to make for a pod as a whole: names, namespaces, name servers, cgroup. Pure.
import type { Pod } from '@berth/api';
import type { SandboxConfig } from '@berth/runtime';
import { labels } from './observed.ts';

export function sandboxConfig(
  pod: Pod,
  attempt: number,
  node: Pick<SandboxConfig, 'logDirectory' | 'cgroupParent' | 'dns'>,
): SandboxConfig {
  const { name, namespace = '', uid = '' } = pod.metadata;
  return {
    ...{ name, namespace, uid, attempt, ...node },
    hostname: pod.spec.hostNetwork ? '' : (pod.spec.hostname || name).slice(0, 63),
    labels: { ...pod.metadata.labels, [labels.podName]: name, [labels.podNamespace]: namespace, [labels.podUid]: uid },
    annotations: {},
    hostNetwork: pod.spec.hostNetwork === true,
    hostPid: pod.spec.hostPID === true,
    hostIpc: pod.spec.hostIPC === true,
    shareProcessNamespace: pod.spec.shareProcessNamespace === true,
    sysctls: Object.fromEntries((pod.spec.securityContext?.sysctls ?? []).map((s) => [s.name, s.value])),
  };
}
