// Our configurations as CRI requests. Pure. Defaults for masked and read-only paths are Kubernetes' own.
import type { criV1, Input } from '@berth/protocol';
import type { ContainerConfig, IdRange, ResourceLimits, SandboxConfig } from '../runtime.ts';

const maskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];
const propagations = {
  private: 'PROPAGATION_PRIVATE',
  hostToContainer: 'PROPAGATION_HOST_TO_CONTAINER',
  bidirectional: 'PROPAGATION_BIDIRECTIONAL',
} as const;

function namespaces(config: SandboxConfig): Input<criV1.NamespaceOption> {
  return {
    network: config.hostNetwork ? 'NODE' : 'POD',
    pid: config.hostPid ? 'NODE' : config.shareProcessNamespace ? 'POD' : 'CONTAINER',
    ipc: config.hostIpc ? 'NODE' : 'POD',
    ...(config.userNamespace && {
      usernsOptions: { mode: 'POD', uids: [idMapping(config.userNamespace)], gids: [idMapping(config.userNamespace)] },
    }),
  };
}

function idMapping({ hostId, length }: IdRange): criV1.IDMapping {
  return { hostId, containerId: 0, length };
}

export function sandboxRequest(config: SandboxConfig): Input<criV1.PodSandboxConfig> {
  return {
    metadata: { name: config.name, uid: config.uid, namespace: config.namespace, attempt: config.attempt },
    // Without a UTS namespace of its own, a sandbox has the host's name, and runc refuses another.
    hostname: config.hostNetwork ? '' : config.hostname,
    logDirectory: config.logDirectory,
    ...(config.dns && { dnsConfig: config.dns }),
    labels: config.labels,
    annotations: config.annotations,
    linux: {
      cgroupParent: config.cgroupParent,
      sysctls: config.sysctls,
      securityContext: {
        privileged: config.privileged,
        namespaceOptions: namespaces(config),
        seccomp: { profileType: 'RuntimeDefault' },
      },
    },
  };
}

export function containerRequest(config: ContainerConfig, sandbox: SandboxConfig): Input<criV1.ContainerConfig> {
  return {
    metadata: { name: config.name, attempt: config.attempt },
    image: { image: config.imageRef, userSpecifiedImage: config.image },
    command: config.command ?? [],
    args: config.args ?? [],
    workingDir: config.workingDir ?? '',
    envs: config.env.map(({ name, value }) => ({ key: name, value: Buffer.from(value) })),
    mounts: config.mounts.map((m) => ({
      containerPath: m.containerPath,
      hostPath: m.hostPath,
      readonly: m.readonly,
      propagation: propagations[m.propagation],
      ...(m.recursiveReadOnly && { recursiveReadOnly: true }),
      // A volume's files belong to whom they belong on the machine, as the pod sees them.
      ...(sandbox.userNamespace && { uidMappings: [idMapping(sandbox.userNamespace)], gidMappings: [idMapping(sandbox.userNamespace)] }),
    })),
    devices: config.devices.map((d) => ({ containerPath: d.containerPath, hostPath: d.hostPath, permissions: d.permissions })),
    labels: config.labels,
    annotations: config.annotations,
    logPath: config.logPath,
    stdin: config.stdin,
    stdinOnce: config.stdinOnce,
    tty: config.tty,
    linux: { resources: resourcesRequest(config.resources), securityContext: securityRequest(config, sandbox) },
  };
}

export function resourcesRequest(limits: ResourceLimits): Input<criV1.LinuxContainerResources> {
  return {
    cpuPeriod: String(limits.cpuPeriodMicros ?? 0),
    cpuQuota: String(limits.cpuQuotaMicros ?? 0),
    cpuShares: String(limits.cpuShares ?? 0),
    memoryLimitInBytes: String(limits.memoryLimitBytes ?? 0),
    oomScoreAdj: String(limits.oomScoreAdj ?? 0),
  };
}

function securityRequest({ security, pidOf }: ContainerConfig, sandbox: SandboxConfig): Input<criV1.LinuxContainerSecurityContext> {
  const open = security.privileged || security.procMount === 'Unmasked';
  return {
    privileged: security.privileged,
    capabilities: { addCapabilities: security.addCapabilities, dropCapabilities: security.dropCapabilities },
    namespaceOptions: { ...namespaces(sandbox), ...(pidOf && { pid: 'TARGET', targetId: pidOf }) },
    ...(security.runAsUser !== undefined && { runAsUser: { value: String(security.runAsUser) } }),
    ...(security.runAsUser === undefined && security.runAsUsername && { runAsUsername: security.runAsUsername }),
    ...(security.runAsGroup !== undefined && { runAsGroup: { value: String(security.runAsGroup) } }),
    supplementalGroups: security.supplementalGroups.map(String),
    ...(security.strictGroups && { supplementalGroupsPolicy: 'Strict' }),
    readonlyRootfs: security.readonlyRootfs,
    noNewPrivs: security.noNewPrivileges,
    maskedPaths: open ? [] : maskedPaths,
    readonlyPaths: open ? [] : readonlyPaths,
    seccomp: { profileType: security.seccomp.type, localhostRef: security.seccomp.localhostRef ?? '' },
  };
}
