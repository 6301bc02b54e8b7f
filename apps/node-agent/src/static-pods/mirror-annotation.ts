// What marks a pod of the API as the mirror of one that a node runs by itself.
import type { Pod } from '@berth/api';

/** Its value is the static pod's hash, which is its uid on the node. */
export const configMirror = 'kubernetes.io/config.mirror';

export function isMirror({ metadata }: Pod): boolean {
  return metadata.annotations?.[configMirror] !== undefined;
}
