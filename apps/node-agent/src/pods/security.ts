// Who a container runs as and what it may do, from the pod's and its own security context; the container's wins.
import { join } from 'node:path';
import type { Container, Pod } from '@berth/api';
import type { ImageInfo, SecurityContext } from '@berth/runtime';
import { ConfigError } from './environment.ts';

/** @throws ConfigError when runAsNonRoot is asked for and the user would be root. */
export function securityContext(pod: Pod, container: Container, image: ImageInfo | undefined, seccompDirectory: string): SecurityContext {
  const ofPod = pod.spec.securityContext ?? {};
  const own = container.securityContext ?? {};
  const runAsUser = own.runAsUser ?? ofPod.runAsUser;
  const runAsGroup = own.runAsGroup ?? ofPod.runAsGroup;
  if (own.runAsNonRoot ?? ofPod.runAsNonRoot) refuseRoot(pod, container, runAsUser, image);
  const profile = own.seccompProfile ?? ofPod.seccompProfile;
  const groups = new Set([...(ofPod.supplementalGroups ?? []), ...(ofPod.fsGroup !== undefined ? [ofPod.fsGroup] : [])]);
  const privileged = own.privileged === true;
  return {
    privileged,
    readonlyRootfs: own.readOnlyRootFilesystem === true,
    // Stricter than the kubelet, on purpose: Berth's containers gain privileges only when that is asked for.
    noNewPrivileges: own.allowPrivilegeEscalation !== true && !privileged && !asksForPrivileges(own.capabilities?.add),
    ...(runAsUser !== undefined && { runAsUser }),
    ...(runAsUser === undefined && image?.uid !== undefined && { runAsUser: image.uid }),
    ...(runAsUser === undefined && image?.username && { runAsUsername: image.username }),
    ...(runAsGroup !== undefined && { runAsGroup }),
    supplementalGroups: [...groups],
    ...(ofPod.supplementalGroupsPolicy === 'Strict' && { strictGroups: true }),
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    seccomp: seccomp(profile, privileged, seccompDirectory),
    ...(own.procMount === 'Unmasked' && { procMount: 'Unmasked' as const }),
  };
}

/** Who asks for these asks for privileges: the API refuses them together with allowPrivilegeEscalation false. */
function asksForPrivileges(added: string[] | undefined): boolean {
  return (added ?? []).some((c) => c === 'SYS_ADMIN' || c === 'CAP_SYS_ADMIN' || c === 'ALL');
}

function seccomp(
  profile: { type: string; localhostProfile?: string } | undefined,
  privileged: boolean,
  directory: string,
): SecurityContext['seccomp'] {
  if (privileged || profile?.type === 'Unconfined') return { type: 'Unconfined' };
  if (profile?.type === 'Localhost') return { type: 'Localhost', localhostRef: join(directory, profile.localhostProfile ?? '') };
  return { type: 'RuntimeDefault' };
}

function refuseRoot({ metadata }: Pod, container: Container, runAsUser: number | undefined, image: ImageInfo | undefined): void {
  const where = `(pod: "${metadata.name}_${metadata.namespace}(${metadata.uid})", container: ${container.name})`;
  if (runAsUser === 0) throw new ConfigError(`container's runAsUser breaks non-root policy ${where}`);
  if (runAsUser !== undefined || (image?.uid !== undefined && image.uid !== 0)) return;
  if (!image?.username) throw new ConfigError(`container has runAsNonRoot and image will run as root ${where}`);
  throw new ConfigError(
    `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`,
  );
}
