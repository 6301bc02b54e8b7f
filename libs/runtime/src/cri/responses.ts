// CRI's answers as ours. Pure. Times arrive as nanoseconds in decimal strings; zero means not yet.
import type { criV1 } from '@berth/protocol';
import type { ContainerInfo, ContainerStats, ImageInfo, SandboxInfo } from '../runtime.ts';

function milliseconds(nanoseconds: string): number {
  return nanoseconds === '' ? 0 : Number(BigInt(nanoseconds) / 1_000_000n);
}

const states: Record<criV1.ContainerState, ContainerInfo['state']> = {
  CONTAINER_CREATED: 'created',
  CONTAINER_RUNNING: 'running',
  CONTAINER_EXITED: 'exited',
  CONTAINER_UNKNOWN: 'unknown',
};

export function sandboxInfo(sandbox: criV1.PodSandbox | criV1.PodSandboxStatus): SandboxInfo {
  const network = 'network' in sandbox ? sandbox.network : null;
  return {
    id: sandbox.id,
    name: sandbox.metadata?.name ?? '',
    namespace: sandbox.metadata?.namespace ?? '',
    uid: sandbox.metadata?.uid ?? '',
    attempt: sandbox.metadata?.attempt ?? 0,
    state: sandbox.state === 'SANDBOX_READY' ? 'ready' : 'notReady',
    createdAtMs: milliseconds(sandbox.createdAt),
    ips: network?.ip ? [network.ip, ...network.additionalIps.map((a) => a.ip)] : [],
    labels: sandbox.labels,
    annotations: sandbox.annotations,
  };
}

export function listedContainer(container: criV1.Container): ContainerInfo {
  return {
    id: container.id,
    sandboxId: container.podSandboxId,
    name: container.metadata?.name ?? '',
    attempt: container.metadata?.attempt ?? 0,
    state: states[container.state],
    image: container.image?.userSpecifiedImage || container.image?.image || '',
    imageRef: container.imageRef,
    labels: container.labels,
    annotations: container.annotations,
    createdAtMs: milliseconds(container.createdAt),
    startedAtMs: 0,
    finishedAtMs: 0,
    exitCode: 0,
    reason: '',
    message: '',
    logPath: '',
  };
}

/** @param sandboxId which the status itself does not tell */
export function containerInfo(status: criV1.ContainerStatus, sandboxId: string): ContainerInfo {
  return {
    id: status.id,
    sandboxId,
    name: status.metadata?.name ?? '',
    attempt: status.metadata?.attempt ?? 0,
    state: states[status.state],
    image: status.image?.image ?? '',
    imageRef: status.imageRef,
    labels: status.labels,
    annotations: status.annotations,
    createdAtMs: milliseconds(status.createdAt),
    startedAtMs: milliseconds(status.startedAt),
    finishedAtMs: milliseconds(status.finishedAt),
    exitCode: status.exitCode,
    reason: status.reason,
    message: status.message,
    logPath: status.logPath,
    ...(status.user?.linux && { user: userOf(status.user.linux) }),
  };
}

function userOf({ uid, gid, supplementalGroups }: criV1.LinuxContainerUser): NonNullable<ContainerInfo['user']> {
  return { uid: Number(uid), gid: Number(gid), supplementalGroups: supplementalGroups.map(Number) };
}

export function imageInfo(image: criV1.Image): ImageInfo {
  return {
    id: image.id,
    repoTags: image.repoTags,
    repoDigests: image.repoDigests,
    sizeBytes: Number(image.size),
    ...(image.uid && { uid: Number(image.uid.value) }),
    ...(image.username && { username: image.username }),
  };
}

export function containerStats(stats: criV1.ContainerStats): ContainerStats {
  return {
    containerId: stats.attributes?.id ?? '',
    podUid: stats.attributes?.labels['io.kubernetes.pod.uid'] ?? '',
    name: stats.attributes?.metadata?.name ?? '',
    atMs: milliseconds(stats.cpu?.timestamp ?? ''),
    cpuUsageNanoseconds: Number(stats.cpu?.usageCoreNanoSeconds?.value ?? 0),
    memoryWorkingSetBytes: Number(stats.memory?.workingSetBytes?.value ?? 0),
    memoryUsageBytes: Number((stats.memory?.usageBytes ?? stats.memory?.workingSetBytes)?.value ?? 0),
    filesystemUsedBytes: Number(stats.writableLayer?.usedBytes?.value ?? 0),
    filesystemUsedInodes: Number(stats.writableLayer?.inodesUsed?.value ?? 0),
  };
}
