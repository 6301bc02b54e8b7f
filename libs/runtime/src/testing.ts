// Small sandboxes and containers for tests of anything that drives a Runtime.
import type { ContainerConfig, SandboxConfig } from './runtime.ts';

export function sandboxConfig(name: string, changes: Partial<SandboxConfig> = {}): SandboxConfig {
  return {
    ...{ name, namespace: 'default', uid: `uid-${name}`, attempt: 0, hostname: name, logDirectory: `/tmp/berth-logs/${name}` },
    ...{ labels: { app: name }, annotations: {}, cgroupParent: '', hostNetwork: false, hostPid: false, hostIpc: false },
    ...{ shareProcessNamespace: false, privileged: false, sysctls: {} },
    ...changes,
  };
}

export function containerConfig(name: string, image: string, imageRef: string, changes: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    ...{ name, attempt: 0, imageRef, image, env: [], mounts: [], devices: [], labels: {}, annotations: {}, logPath: `${name}.log` },
    ...{ stdin: false, stdinOnce: false, tty: false, resources: {} },
    security: {
      ...{ privileged: false, readonlyRootfs: false, noNewPrivileges: true, supplementalGroups: [] },
      ...{ addCapabilities: [], dropCapabilities: [], seccomp: { type: 'RuntimeDefault' } },
    },
    ...changes,
  };
}
