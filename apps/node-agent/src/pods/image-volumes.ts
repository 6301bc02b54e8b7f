// Volumes that are images: pulled before a container that mounts them starts, by their own policy and with the pod's credentials, and shown
// to it read-only. What keeps one from being had keeps the container waiting, in the words of its own image.
import type { Container, Pod } from '@berth/api';
import type { ImageState } from '../images/image-puller.ts';
import type { PodNode, PodReports, PodSources } from './pod-environment.ts';

export type MissingImage = Exclude<ImageState, { state: 'present' }>;

/** What a container mounts of them, by the volume's name. */
export type ImageVolumes = ReadonlyMap<string, string>;

/** What they take of the worker's environment. */
export interface ImageVolumesEnvironment {
  node: Pick<PodNode, 'images'>;
  sources: Pick<PodSources, 'pullSecrets'>;
  reports: Pick<PodReports, 'event'>;
}

/**
 * @param attempt of the container: with the policy Always, each asks the registry once
 * @returns the images by the volume's name, or the first one that is not there
 */
export async function pullImageVolumes(
  { node, sources, reports }: ImageVolumesEnvironment,
  pod: Pod,
  { container, attempt }: { container: Container; attempt: number },
  changed: () => void,
): Promise<ImageVolumes | MissingImage> {
  const images = new Map<string, string>();
  let missing: MissingImage | undefined;
  for (const { name, reference, pullPolicy } of mountedImages(pod, container)) {
    const state = await node.images.ensure({
      container: { image: reference, ...(pullPolicy !== undefined && { imagePullPolicy: pullPolicy }) },
      ...{ uid: pod.metadata.uid ?? '', start: startOf(container, attempt, name) },
      secrets: sources.pullSecrets(pod),
      report: (type, reason, message) => reports.event(pod, type, reason, message),
      changed,
    });
    if (state.state === 'present') images.set(name, state.imageRef);
    else missing ??= state;
  }
  return missing ?? images;
}

/** Forgets them, once the container has been made. */
export function releaseImageVolumes(
  node: Pick<PodNode, 'images'>,
  pod: Pod,
  { container, attempt }: { container: Container; attempt: number },
): void {
  for (const { name } of mountedImages(pod, container)) node.images.release(pod.metadata.uid ?? '', startOf(container, attempt, name));
}

function startOf(container: Container, attempt: number, volume: string): string {
  return `${container.name}/${attempt}/volumes/${volume}`;
}

function mountedImages(pod: Pod, container: Container): { name: string; reference: string; pullPolicy: string | undefined }[] {
  const mounted = new Set((container.volumeMounts ?? []).map(({ name }) => name));
  return (pod.spec.volumes ?? []).flatMap(({ name, image }) =>
    image && mounted.has(name) ? [{ name, reference: image.reference ?? '', pullPolicy: image.pullPolicy }] : [],
  );
}
