// How events name a container of a pod, as the kubelet does.
import type { Pod } from '@berth/api';

export function containerFieldPath({ spec }: Pod, name: string): string {
  return spec.initContainers?.some((container) => container.name === name) ? `spec.initContainers{${name}}` : `spec.containers{${name}}`;
}
