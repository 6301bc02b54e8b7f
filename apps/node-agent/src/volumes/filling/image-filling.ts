// Volumes that start out with what an image holds at the path where they are mounted (annotation `berth.io/populate: image`, of a claim or, for its
// emptyDirs, of a pod): filled before the first container that has something there, once, and only while they are empty.
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Container, type Pod, populateAnnotation, type Volume, type VolumeMount, volumeClaimName } from '@berth/api';
import type { ImageFiles } from '@berth/runtime';
import type { VolumeSources } from '../volume-manager.ts';
import { copyIn } from './copy-in.ts';
import { imagePath } from './image-path.ts';

/** A volume that a container mounts and that may be filled. */
interface Candidate {
  mount: VolumeMount;
  volume: Volume;
  /** A folder of the agent's own that outlives restarts: it remembers that the volume was filled. */
  own: string;
}

export interface ImageFillingOptions {
  images: ImageFiles;
  /** By volumes' ids, for claims. */
  directory: string;
  podDirectory(uid: string): string;
}

export class ImageFilling {
  readonly #options: ImageFillingOptions;

  constructor(options: ImageFillingOptions) {
    this.#options = options;
  }

  /**
   * @param image as the runtime names it
   * @param paths of the pod's volumes on this host, by name
   * @returns the volumes that were filled
   * @throws Error that names the volume; nothing of it is left in the volume then
   */
  async fill(pod: Pod, container: Container, image: string, paths: ReadonlyMap<string, string>, sources: VolumeSources): Promise<Volume[]> {
    const candidates = this.#candidates(pod, container, sources).filter(({ own }) => !existsSync(join(own, 'filled')));
    if (candidates.length === 0) return [];
    const place = join(this.#places(pod.metadata.uid ?? ''), container.name);
    return this.#options.images.read(image, place, async (root) => {
      const filled: Volume[] = [];
      for (const candidate of candidates) {
        const path = paths.get(candidate.volume.name);
        if (path !== undefined && (await this.#fillOne(root, path, candidate))) filled.push(candidate.volume);
      }
      return filled;
    });
  }

  /** What an agent that was killed while it filled volumes of the pod left. */
  async release(podUid: string): Promise<void> {
    const places = this.#places(podUid);
    if (!existsSync(places)) return;
    for (const name of await readdir(places)) await this.#options.images.release(join(places, name));
  }

  /** Of a volume that is deleted. */
  async forget(volumeUid: string): Promise<void> {
    await rm(join(this.#options.directory, volumeUid), { recursive: true, force: true });
  }

  /** What is mounted by a part of the volume shows no place of its own in the image, and what is mounted read-only by the pod stays as it is. */
  #candidates(pod: Pod, container: Container, sources: VolumeSources): Candidate[] {
    return (container.volumeMounts ?? []).flatMap((mount) => {
      const volume = pod.spec.volumes?.find(({ name }) => name === mount.name);
      if (!volume || mount.subPath || mount.subPathExpr) return [];
      const own = this.#ownFolder(pod, volume, sources);
      return own === undefined ? [] : [{ mount, volume, own }];
    });
  }

  /** Undefined for a volume that nobody asked to fill. */
  #ownFolder(pod: Pod, volume: Volume, sources: VolumeSources): string | undefined {
    if (volume.emptyDir) {
      if (pod.metadata.annotations?.[populateAnnotation] !== 'image') return undefined;
      return join(this.#options.podDirectory(pod.metadata.uid ?? ''), 'filled-volumes', volume.name);
    }
    const claimName = volumeClaimName(pod, volume);
    if (claimName === undefined || volume.persistentVolumeClaim?.readOnly) return undefined;
    const claim = sources.claim(claimName);
    if (claim?.metadata.annotations?.[populateAnnotation] !== 'image' || !claim.spec.volumeName) return undefined;
    const uid = sources.persistentVolume(claim.spec.volumeName)?.metadata.uid;
    return uid && join(this.#options.directory, uid);
  }

  #places(podUid: string): string {
    return join(this.#options.podDirectory(podUid), 'image-files');
  }

  async #fillOne(root: string, path: string, { mount, volume, own }: Candidate): Promise<boolean> {
    try {
      const from = await imagePath(root, mount.mountPath);
      if (from === undefined || !(await hasContent(from))) return false;
      await mkdir(own, { recursive: true, mode: 0o700 });
      const outcome = await copyIn(from, path, own);
      await writeFile(join(own, 'filled'), '');
      return outcome === 'filled';
    } catch (error) {
      throw new Error(
        `volume "${volume.name}" cannot be filled with what the image holds at ${mount.mountPath}: ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    }
  }
}

async function hasContent(path: string): Promise<boolean> {
  return (await lstat(path)).isDirectory() && (await readdir(path)).length > 0;
}
