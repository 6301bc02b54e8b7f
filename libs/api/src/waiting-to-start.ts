// What a reader of logs is told of a container that has not run yet, in the kubelet's words (validateContainerLogStatus).

const causes: Record<string, string> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
};

/** @param reason why it waits, as its status says */
export function waitingToStart(container: string, pod: string, reason = 'ContainerCreating'): string {
  return `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod)} is waiting to start: ${causes[reason] ?? reason}`;
}
