// Turns a container of a pod into what the runtime is asked to make: environment, mounts, resources, security.
import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Container, Pod, VolumeMount } from '@berth/api';
import type { ContainerConfig, ImageInfo, Mount } from '@berth/runtime';
import { isReadOnly } from '../volumes/read-only.ts';
import { bindSubPath } from '../volumes/sub-path.ts';
import { fileVariables } from './env-file.ts';
import { ConfigError, type EnvironmentSources, environment, expand } from './environment.ts';
import { labels, resourcesAnnotation, specHashAnnotation, terminationMessageAnnotation } from './observed.ts';
import { kernelHostname, podHostname } from './pod-hostname.ts';
import { containerResources } from './resources.ts';
import { securityContext } from './security.ts';
import { terminationMessageFile } from './termination-message.ts';

export interface ContainerConfigInput {
  pod: Pod;
  container: Container;
  attempt: number;
  /** Shares this container's process namespace. */
  targetId?: string;
  image: ImageInfo;
  imageRef: string;
  sources: EnvironmentSources;
  /** Volume name → host path. */
  volumes: Map<string, string>;
  podDirectory: string;
  /** False where there is no disk to write to: simulated nodes. */
  writesFiles: boolean;
  seccompDirectory: string;
  /** Whether what is mounted below a read-only volume can be read-only too. */
  recursiveReadOnlyMounts: boolean;
}

/** A change of this is a reason to restart; of a running pod's container, only the image can change. */
export function specHash(container: Container): string {
  return createHash('sha256')
    .update(container.image ?? '')
    .digest('hex')
    .slice(0, 16);
}

/** @throws ConfigError for what the pod's author must mend */
export async function containerConfig(input: ContainerConfigInput): Promise<ContainerConfig> {
  const { pod, container } = input;
  const env = environment(container, { ...input.sources, fileVariables: await fileVariables(container, input.volumes) });
  const variables = new Map(env.map(({ name, value }) => [name, value]));
  const terminationMessage = terminationMessageFile(input.podDirectory, container.name, input.attempt);
  const mounts = await volumeMounts(input, variables);
  if (input.writesFiles) await ownFiles(input, mounts, terminationMessage);
  return {
    name: container.name,
    attempt: input.attempt,
    image: container.image ?? '',
    imageRef: input.imageRef,
    ...(container.command && { command: container.command.map((part) => expand(part, variables)) }),
    ...(container.args && { args: container.args.map((part) => expand(part, variables)) }),
    ...(container.workingDir && { workingDir: container.workingDir }),
    env: [
      ...env,
      ...(variables.has('HOSTNAME') || pod.spec.hostNetwork
        ? []
        : [{ name: 'HOSTNAME', value: kernelHostname(pod, input.sources.clusterDomain) }]),
    ],
    mounts,
    devices: volumeDevices(input),
    ...(input.targetId && { pidOf: input.targetId }),
    labels: {
      [labels.podName]: pod.metadata.name,
      [labels.podNamespace]: pod.metadata.namespace ?? '',
      [labels.podUid]: pod.metadata.uid ?? '',
      [labels.containerName]: container.name,
    },
    annotations: {
      [specHashAnnotation]: specHash(container),
      [resourcesAnnotation]: JSON.stringify(container.resources ?? {}),
      [terminationMessageAnnotation]: terminationMessage,
    },
    logPath: `${container.name}/${input.attempt}.log`,
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    resources: containerResources(container, pod, input.sources.allocatable.memoryBytes),
    security: securityContext(pod, container, input.image, input.seccompDirectory),
  };
}

async function volumeMounts(input: ContainerConfigInput, variables: ReadonlyMap<string, string>): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const [index, mount] of (input.container.volumeMounts ?? []).entries()) {
    const base = input.volumes.get(mount.name);
    if (base === undefined) throw new ConfigError(`cannot find volume "${mount.name}" to mount into container "${input.container.name}"`);
    const recursiveReadOnly = isRecursive(mount, input.recursiveReadOnlyMounts);
    const subPath = mount.subPathExpr ? expand(mount.subPathExpr, variables) : (mount.subPath ?? '');
    const hostPath = subPath && input.writesFiles ? await inVolume(base, subPath, mount, index, input) : base;
    const propagation =
      mount.mountPropagation === 'Bidirectional'
        ? 'bidirectional'
        : mount.mountPropagation === 'HostToContainer'
          ? 'hostToContainer'
          : 'private';
    const volume = input.pod.spec.volumes?.find(({ name }) => name === mount.name);
    const readonly = mount.readOnly === true || (volume !== undefined && isReadOnly(volume));
    mounts.push({ containerPath: mount.mountPath, hostPath, readonly, ...(recursiveReadOnly && { recursiveReadOnly }), propagation });
  }
  return mounts;
}

function volumeDevices({ pod, container, volumes }: ContainerConfigInput): ContainerConfig['devices'] {
  return (container.volumeDevices ?? []).map(({ name, devicePath }) => {
    const hostPath = volumes.get(name);
    if (hostPath === undefined) throw new ConfigError(`cannot find volume "${name}" to pass into container "${container.name}"`);
    const volume = pod.spec.volumes?.find((other) => other.name === name);
    return { hostPath, containerPath: devicePath, permissions: volume && isReadOnly(volume) ? 'r' : 'mrw' };
  });
}

/** @throws ConfigError where it must be and the runtime cannot: nobody is to believe what does not hold */
function isRecursive({ name, recursiveReadOnly }: VolumeMount, isSupported: boolean): boolean {
  if (isSupported || recursiveReadOnly !== 'Enabled') return isSupported && (recursiveReadOnly ?? 'Disabled') !== 'Disabled';
  const why = `volume ${JSON.stringify(name)} requested recursive read-only mode, but it is not supported by the runtime`;
  throw new ConfigError(`failed to resolve recursive read-only mode: ${why}`);
}

/** Mounted where no container can swap it; it is unmounted with the pod, or when the container starts again. */
async function inVolume(base: string, subPath: string, mount: VolumeMount, index: number, input: ContainerConfigInput): Promise<string> {
  const { container, podDirectory } = input;
  const target = join(podDirectory, 'volume-subpaths', mount.name, container.name, String(index));
  try {
    await bindSubPath(base, subPath, target);
    return target;
  } catch (error) {
    const what = `failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}"`;
    throw new ConfigError(`${what}: ${(error as Error).message}`);
  }
}

/** The hosts file and the termination message file, mounted unless the pod mounts something there itself. */
async function ownFiles(input: ContainerConfigInput, mounts: Mount[], terminationMessage: string): Promise<void> {
  const { pod, container } = input;
  const add = async (containerPath: string, hostPath: string, content: string, mode: number) => {
    if (mounts.some((m) => m.containerPath === containerPath)) return;
    await mkdir(dirname(hostPath), { recursive: true });
    await writeFile(hostPath, content);
    await chmod(hostPath, mode);
    mounts.push({ containerPath, hostPath, readonly: false, propagation: 'private' });
  };
  // On the host's network the host's own file does, unless there is something to add.
  if (!pod.spec.hostNetwork || pod.spec.hostAliases?.length) {
    const content = pod.spec.hostNetwork
      ? hostNetworkHosts(pod, await readFile('/etc/hosts', 'utf8'))
      : hostsFile(pod, input.sources.podIps, input.sources.clusterDomain);
    await add('/etc/hosts', join(input.podDirectory, 'etc-hosts'), content, 0o644);
  }
  // Whoever the container runs as may leave a message.
  await add(container.terminationMessagePath ?? '/dev/termination-log', terminationMessage, '', 0o666);
}

/** As the kubelet writes it: localhost, the pod itself, then hostAliases. */
export function hostsFile(pod: Pod, podIps: string[], clusterDomain: string): string {
  const { hostname, domain } = podHostname(pod, clusterDomain);
  const qualified = domain ? `${hostname}.${domain}\t` : '';
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...podIps.map((ip) => `${ip}\t${qualified}${hostname}`),
  ];
  return `${lines.join('\n')}\n${hostAliases(pod)}`;
}

function hostNetworkHosts(pod: Pod, ofHost: string): string {
  return `# Kubernetes-managed hosts file (host network).\n${ofHost}${hostAliases(pod)}`;
}

function hostAliases(pod: Pod): string {
  const aliases = (pod.spec.hostAliases ?? []).map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}`);
  return aliases.length === 0 ? '' : `\n# Entries added by HostAliases.\n${aliases.join('\n')}\n`;
}
