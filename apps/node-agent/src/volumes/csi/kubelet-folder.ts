// Where storage drivers, and pods that look after volumes, expect the kubelet's folder: /var/lib/kubelet, whose plugins, plugins_registry and pods
// they mount from the host. Each agent has a folder of its own, so that several nodes of one machine share nothing: what a pod mounts
// from below the kubelet's folder comes from the agent's, and a driver that speaks of paths there is answered with paths there.
import { join, relative } from 'node:path';

export const kubeletDirectory = '/var/lib/kubelet';

export class KubeletFolder {
  /** The agent's own. */
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  get plugins(): string {
    return join(this.root, 'plugins');
  }

  get registry(): string {
    return join(this.root, 'plugins_registry');
  }

  get pods(): string {
    return join(this.root, 'pods');
  }

  /** @param path as pods and drivers name it @returns where it is on this host */
  onHost(path: string): string {
    return isBelow(path, kubeletDirectory) ? join(this.root, relative(kubeletDirectory, path)) : path;
  }

  /** @param path on this host @returns as drivers in pods name it */
  inPods(path: string): string {
    return isBelow(path, this.root) ? join(kubeletDirectory, relative(this.root, path)) : path;
  }
}

/** Whether a driver that listens there knows the kubelet's folder by its own name. */
export function namesKubeletFolder(endpoint: string): boolean {
  return isBelow(endpoint, kubeletDirectory);
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith('../');
}
