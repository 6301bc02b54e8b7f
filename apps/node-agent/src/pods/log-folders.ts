// Where containers' logs are, laid out as the kubelet does so that log collectors find them: pods/NAMESPACE_NAME_UID/CONTAINER/N.log,
// and a link for each container in containers/. Collectors may write to these folders: they are changed by descriptors.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '@berth/api';
import { DirectoryHandle } from '@berth/runtime';

const podsFolder = 'pods';
const linksFolder = 'containers';
const linkSuffix = '.log';
const linkNameMax = 255 - linkSuffix.length;

/** One run of a container. */
export interface LogInstance {
  container: string;
  attempt: number;
}

export class LogFolders {
  readonly #root: string;
  readonly #isOwn: boolean;

  /** @param isOwn nobody else has pods below the root, so that whatever is there is of pods of this node */
  constructor(root: string, isOwn: boolean) {
    this.#root = root;
    this.#isOwn = isOwn;
  }

  /** Below it, links are not followed. */
  get podsRoot(): string {
    return join(this.#root, podsFolder);
  }

  podDirectory({ metadata: { namespace, name, uid } }: Pick<Pod, 'metadata'>): string {
    return join(this.podsRoot, `${namespace}_${name}_${uid}`);
  }

  file(pod: Pick<Pod, 'metadata'>, { container, attempt }: LogInstance): string {
    return join(this.podDirectory(pod), container, `${attempt}.log`);
  }

  /** For collectors that look there, once the container has a log. Does nothing when it is there. */
  async link(pod: Pod, instance: LogInstance, containerId: string): Promise<void> {
    await mkdir(join(this.#root, linksFolder), { recursive: true });
    await using links = await DirectoryHandle.openBelow(this.#root, [linksFolder]);
    const name = linkName(pod, instance.container, containerId);
    const target = this.file(pod, instance);
    if ((await links.readlink(name)) === target) return;
    await links.remove(name);
    await links.symlink(target, name);
  }

  /** The log of one run, with what was rotated from it. */
  async removeInstance(pod: Pod, instance: LogInstance): Promise<void> {
    const folderName = `${pod.metadata.namespace}_${pod.metadata.name}_${pod.metadata.uid}`;
    await unlessMissing(async () => {
      await using folder = await DirectoryHandle.openBelow(this.#root, [podsFolder, folderName, instance.container]);
      const own = `${instance.attempt}.log`;
      for await (const { name } of folder.entries()) if (name === own || name.startsWith(`${own}.`)) await folder.remove(name);
    });
    const { namespace = '', name } = pod.metadata;
    await this.#removeLinks(linkPrefix(namespace, name), (target) => target === this.file(pod, instance));
  }

  /** Everything of a pod, whose name need not be known any more. */
  async removePod(uid: string): Promise<void> {
    await unlessMissing(async () => {
      await using pods = await DirectoryHandle.openBelow(this.#root, [podsFolder]);
      for await (const { name } of pods.entries()) {
        if (uidOf(name) !== uid) continue;
        const [namespace = '', pod = ''] = name.split('_');
        await this.#removeLinks(linkPrefix(namespace, pod), (target) => target.startsWith(`${join(this.podsRoot, name)}/`));
        // The marker for its links goes after them.
        await pods.remove(name);
      }
    });
  }

  /** Pods of this node of which there are logs: none where others have logs as well, whose they are is not known then. */
  async knownPods(): Promise<string[]> {
    const uids: string[] = [];
    if (!this.#isOwn) return uids;
    await unlessMissing(async () => {
      await using pods = await DirectoryHandle.openBelow(this.#root, [podsFolder]);
      for await (const { name } of pods.entries()) {
        const uid = uidOf(name);
        if (uid) uids.push(uid);
      }
    });
    return uids;
  }

  async #removeLinks(prefix: string, isOwn: (target: string) => boolean): Promise<void> {
    await unlessMissing(async () => {
      await using links = await DirectoryHandle.openBelow(this.#root, [linksFolder]);
      for await (const { name } of links.entries()) {
        if (name.startsWith(prefix) && isOwn((await links.readlink(name)) ?? '')) await links.unlink(name);
      }
    });
  }
}

/** As the kubelet names it: cut where file names end. */
function linkName({ metadata: { namespace = '', name } }: Pod, container: string, containerId: string): string {
  return `${linkPrefix(namespace, name)}${container}-${containerId}`.slice(0, linkNameMax) + linkSuffix;
}

function linkPrefix(namespace: string, pod: string): string {
  return `${pod}_${namespace}_`.slice(0, linkNameMax);
}

/** Neither namespaces nor names nor uids contain an underscore. */
function uidOf(folder: string): string | undefined {
  const parts = folder.split('_');
  return parts.length === 3 ? parts[2] : undefined;
}

async function unlessMissing(use: () => Promise<void>): Promise<void> {
  try {
    await use();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
