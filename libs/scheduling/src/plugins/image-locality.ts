// Prefers nodes that have a pod's images already; images on few nodes count less, so that one node does not draw them all.
import { scoreMax, type TallyPlugin } from '../plugin.ts';
import type { PodFacts } from '../pod-facts.ts';

const mebi = 1024 * 1024;
const bytesMin = 23 * mebi;
const bytesMaxPerContainer = 1000 * mebi;

export const imageLocality: TallyPlugin = {
  name: 'ImageLocality',
  weight: 1,
  tally(pod, snapshot) {
    const images = imagesOf(pod);
    /** Bytes by slot, for each image. */
    const sizes = images.map(() => new Map<number, number>());
    return {
      update(slot, node) {
        images.forEach((image, index) => {
          const size = node?.images.get(image);
          if (size === undefined) sizes[index]?.delete(slot);
          else sizes[index]?.set(slot, size);
        });
      },
      score(slots) {
        if (sizes.every((bySlot) => bySlot.size === 0)) return undefined;
        const bytesMax = bytesMaxPerContainer * images.length;
        return Float64Array.from(slots, (slot) => {
          let bytes = 0;
          for (const bySlot of sizes) bytes += ((bySlot.get(slot) ?? 0) * bySlot.size) / snapshot.nodeCount;
          const inRange = Math.min(Math.max(bytes, bytesMin), bytesMax);
          return (scoreMax * (inRange - bytesMin)) / (bytesMax - bytesMin);
        });
      },
    };
  },
};

function imagesOf({ pod }: PodFacts): string[] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers].flatMap(({ image }) => (image ? [normal(image)] : []));
}

/** As nodes report names: with a tag. */
function normal(image: string): string {
  const isTagged = image.includes('@') || image.lastIndexOf(':') > image.lastIndexOf('/');
  return isTagged ? image : `${image}:latest`;
}
