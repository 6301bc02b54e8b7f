// Images that nothing on this node uses: removed to make room before any pod has to go. What a pod names stays, also while its container
// is not made yet, and so does what sandboxes are made of.
import type { Pod } from '@berth/api';
import { everyContainer } from '@berth/api';
import type { ContainerInfo, ImageInfo, Runtime } from '@berth/runtime';

/** Pure. @param keeps names of images to keep in any case */
export function unusedImages(images: ImageInfo[], containers: ContainerInfo[], pods: Pod[], keeps: (name: string) => boolean): ImageInfo[] {
  const used = new Set(containers.flatMap(({ image, imageRef }) => [image, imageRef]));
  for (const { spec } of pods) {
    for (const { image = '' } of everyContainer(spec)) used.add(image);
    for (const { image } of spec.volumes ?? []) if (image?.reference) used.add(image.reference);
  }
  return images.filter(({ id, repoTags, repoDigests }) => {
    const names = [id, ...repoTags, ...repoDigests];
    return !names.some((name) => used.has(name) || keeps(name) || [...used].some((one) => one !== '' && isSameImage(name, one)));
  });
}

/** `nginx` is `docker.io/library/nginx:latest`. */
function isSameImage(whole: string, short: string): boolean {
  const tagged = /[:@][^/]*$/.test(short) ? short : `${short}:latest`;
  return whole === tagged || whole === `docker.io/${tagged}` || whole === `docker.io/library/${tagged}`;
}

type ImageRuntime = Pick<Runtime, 'listImages' | 'listContainers' | 'removeImage'>;

/** @returns how many bytes they had */
export async function removeUnusedImages(runtime: ImageRuntime, pods: Pod[], keeps: (name: string) => boolean): Promise<number> {
  const [images, containers] = await Promise.all([runtime.listImages(), runtime.listContainers()]);
  const unused = unusedImages(images, containers, pods, keeps);
  for (const { id } of unused) await runtime.removeImage(id);
  return unused.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
