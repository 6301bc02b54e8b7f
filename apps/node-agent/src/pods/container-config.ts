// Turns a container of a pod into what the runtime is asked to make: environment, mounts, resources, security.
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Container, Pod } from '@berth/api';
import type { ContainerConfig, ImageInfo, Mount } from '@berth/runtime';
import { ConfigError, type EnvironmentSources, environment, expand } from './environment.ts';
import { labels, specHashAnnotation, terminationMessageAnnotation } from './observed.ts';
import { containerResources } from './resources.ts';
import { securityContext } from './security.ts';

export interface ContainerConfigInput {
  pod: Pod;
  container: Container;
  attempt: number;
  image: ImageInfo;
  imageRef: string;
  sources: EnvironmentSources;
  /** Volume name → host path. */
  volumes: Map<string, string>;
  podDirectory: string;
  /** False where there is no disk to write to: simulated nodes. */
  writesFiles: boolean;
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
  const env = environment(container, input.sources);
  const variables = new Map(env.map(({ name, value }) => [name, value]));
  const terminationMessage = join(input.podDirectory, 'containers', container.name, `termination-${input.attempt}`);
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
    env: [...env, ...(variables.has('HOSTNAME') ? [] : [{ name: 'HOSTNAME', value: pod.spec.hostname || pod.metadata.name }])],
    mounts,
    devices: [],
    labels: {
      [labels.podName]: pod.metadata.name,
      [labels.podNamespace]: pod.metadata.namespace ?? '',
      [labels.podUid]: pod.metadata.uid ?? '',
      [labels.containerName]: container.name,
    },
    annotations: { [specHashAnnotation]: specHash(container), [terminationMessageAnnotation]: terminationMessage },
    logPath: `${container.name}/${input.attempt}.log`,
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    resources: containerResources(container, pod, input.sources.allocatable.memoryBytes),
    security: securityContext(pod, container, input.image),
  };
}

async function volumeMounts(input: ContainerConfigInput, variables: ReadonlyMap<string, string>): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const mount of input.container.volumeMounts ?? []) {
    const base = input.volumes.get(mount.name);
    if (base === undefined) throw new ConfigError(`cannot find volume "${mount.name}" to mount into container "${input.container.name}"`);
    const subPath = mount.subPathExpr ? expand(mount.subPathExpr, variables) : (mount.subPath ?? '');
    if (subPath.startsWith('/') || subPath.split('/').includes('..'))
      throw new ConfigError(`subPath "${subPath}" must stay inside its volume "${mount.name}"`);
    const hostPath = subPath ? join(base, subPath) : base;
    // A path inside a volume that is not there yet becomes a folder, as in Kubernetes.
    if (subPath && input.writesFiles)
      await mkdir(hostPath, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
    const propagation =
      mount.mountPropagation === 'Bidirectional'
        ? 'bidirectional'
        : mount.mountPropagation === 'HostToContainer'
          ? 'hostToContainer'
          : 'private';
    mounts.push({ containerPath: mount.mountPath, hostPath, readonly: mount.readOnly === true, propagation });
  }
  return mounts;
}

/** The hosts file and the termination message file, mounted unless the pod mounts something there itself. */
async function ownFiles(input: ContainerConfigInput, mounts: Mount[], terminationMessage: string): Promise<void> {
  const { pod, container } = input;
  const add = async (containerPath: string, hostPath: string, content: string) => {
    if (mounts.some((m) => m.containerPath === containerPath)) return;
    await mkdir(dirname(hostPath), { recursive: true });
    await writeFile(hostPath, content, { mode: 0o666 });
    mounts.push({ containerPath, hostPath, readonly: false, propagation: 'private' });
  };
  if (!pod.spec.hostNetwork) await add('/etc/hosts', join(input.podDirectory, 'etc-hosts'), hostsFile(pod, input.sources.podIps));
  await add(container.terminationMessagePath ?? '/dev/termination-log', terminationMessage, '');
}

/** As the kubelet writes it: localhost, the pod itself, then hostAliases. */
export function hostsFile(pod: Pod, podIps: string[]): string {
  const host = pod.spec.hostname || pod.metadata.name;
  const qualified = pod.spec.subdomain ? `${host}.${pod.spec.subdomain}.${pod.metadata.namespace}.svc.cluster.local\t` : '';
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    ...podIps.map((ip) => `${ip}\t${qualified}${host}`),
  ];
  for (const alias of pod.spec.hostAliases ?? []) lines.push(`${alias.ip}\t${(alias.hostnames ?? []).join('\t')}`);
  return `${lines.join('\n')}\n`;
}
