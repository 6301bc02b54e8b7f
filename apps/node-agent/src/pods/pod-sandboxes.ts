// What the runtime is asked to make for the pods of this node: with users of its own for a pod that asks for them, where its runtime can.
import type { Pod } from '@berth/api';
import type { RuntimeHealth, SandboxConfig } from '@berth/runtime';
import type { NodeNetwork } from '../network/network.ts';
import type { DesiredCache } from './desired-cache.ts';
import { requireUserNamespaces } from './runtime-features.ts';
import { runtimeHandler, sandboxConfig } from './sandbox-config.ts';
import { type PodFolders, UserNamespaces } from './user-namespaces.ts';

export interface PodSandboxesDeps {
  network: NodeNetwork;
  volumes: PodFolders;
  desired: DesiredCache;
  runtimeFeatures(): RuntimeHealth;
  logDirectory(pod: Pod): string;
  cgroupPath(uid: string): string;
}

export class PodSandboxes {
  readonly #deps: PodSandboxesDeps;
  readonly #userNamespaces: UserNamespaces;

  constructor(deps: PodSandboxesDeps) {
    this.#deps = deps;
    this.#userNamespaces = new UserNamespaces(deps.volumes);
  }

  /** @throws Error when the pod asks for what its runtime cannot do, or for a runtime that is not known */
  async config(pod: Pod, attempt: number): Promise<SandboxConfig> {
    const { network, desired, runtimeFeatures, logDirectory, cgroupPath } = this.#deps;
    const { uid = '' } = pod.metadata;
    const hasOwnUsers = pod.spec.hostUsers === false;
    if (hasOwnUsers) requireUserNamespaces(pod, runtimeFeatures(), runtimeHandler(pod, desired));
    return sandboxConfig(pod, attempt, {
      ...{ logDirectory: logDirectory(pod), cgroupParent: cgroupPath(uid) },
      ...{ dns: network.dnsFor(pod), clusterDomain: network.clusterDomain },
      ...(hasOwnUsers && { userNamespace: await this.#userNamespaces.of(uid) }),
    });
  }
}
