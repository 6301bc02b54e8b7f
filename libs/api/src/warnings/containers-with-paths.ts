// All containers of a pod in the order in which Kubernetes looks at them, each with where it stands.
import type { Container, PodSpec } from '../generated/core-v1.types.ts';

export interface ContainerWithPath {
  field: string;
  container: Container;
}

export function containersWithPaths(spec: PodSpec, field: string): ContainerWithPath[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, index) => ({ container, field: `${field}.${list}[${index}]` })),
  );
}
