// The objects that tests apply, as short as they can be: busybox from the hello image as every container.
import type { Container, Pod, PodSpec } from '@berth/api';
import { lane } from './lane.ts';

/** A container that runs a shell script. */
export function shell(name: string, script: string, more: Partial<Container> = {}): Container {
  return { name, image: lane().helloImage, command: ['/bin/busybox', 'sh', '-c', script], ...more };
}

export function pod(namespace: string, name: string, containers: Container[], spec: Partial<PodSpec> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: name } },
    spec: { terminationGracePeriodSeconds: 1, ...spec, containers },
  };
}

/** Ends at once when it is asked to: as process 1, a shell ignores SIGTERM unless it traps it. */
export const waitForEver = "trap 'exit 0' TERM; while true; do /bin/busybox sleep 1 & wait; done";
