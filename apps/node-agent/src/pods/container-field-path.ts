// How events name a container of a pod, as the kubelet does.
import type { Pod } from '@berth/api';

export function containerFieldPath({ spec }: Pod, name: string): string {
  for (const list of ['initContainers', 'ephemeralContainers'] as const) {
    if (spec[list]?.some((container) => container.name === name)) return `spec.${list}{${name}}`;
  }
  return `spec.containers{${name}}`;
}
