// The containers of a pod that one can have a terminal in, with how they are.
import type { Container, ContainerStatus, Pod } from '@berth/api';

export interface PodContainer {
  name: string;
  sort: 'init' | 'main' | 'debug';
  isRunning: boolean;
  /** Of what runs there; attaching has to ask for the same. */
  tty: boolean;
  stdin: boolean;
}

export function podContainers({ spec, status }: Pod): PodContainer[] {
  const of = (sort: PodContainer['sort'], all: Partial<Container>[] = [], statuses: ContainerStatus[] = []): PodContainer[] =>
    all.map(({ name = '', tty = false, stdin = false }) => {
      const isRunning = Boolean(statuses.find((one) => one.name === name)?.state?.running);
      return { name, sort, isRunning, tty, stdin };
    });
  return [
    ...of('main', spec.containers, status?.containerStatuses),
    ...of('debug', spec.ephemeralContainers as Partial<Container>[] | undefined, status?.ephemeralContainerStatuses),
    ...of('init', spec.initContainers, status?.initContainerStatuses),
  ];
}

/** As kubectl picks it. */
export function defaultContainer({ metadata, spec }: Pod): string {
  return metadata.annotations?.['kubectl.kubernetes.io/default-container'] ?? spec.containers[0]?.name ?? '';
}
