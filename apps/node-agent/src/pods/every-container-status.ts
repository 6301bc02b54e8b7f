// The statuses of all containers of a pod, of whichever sort: their names differ.
import type { ContainerStatus, PodStatus } from '@berth/api';

export function everyContainerStatus(status: PodStatus | undefined): ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? []), ...(status?.ephemeralContainerStatuses ?? [])];
}
