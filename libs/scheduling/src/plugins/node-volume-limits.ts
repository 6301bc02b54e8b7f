// A node takes as many volumes of a CSI driver as its CSINode allows: those of its pods, each volume once, and those that are
// attached to it for no pod.
import type { NodeState } from '../node-state.ts';
import { type LocalPlugin, resolvable } from '../plugin.ts';
import type { PodFacts } from '../pod-facts.ts';
import type { VolumeState } from '../volume-state.ts';

const refusal = resolvable('node(s) exceed max volume count');

export const nodeVolumeLimits: LocalPlugin = {
  name: 'NodeVolumeLimits',
  filter(pod, node, { volumes }) {
    const limits = pod.claims.length > 0 ? volumes.limitsOf(node.name) : undefined;
    if (!limits) return undefined;
    const wanted = new Map(volumesOf(pod, volumes));
    if (wanted.size === 0) return undefined;
    const attached = attachedTo(node, volumes);
    for (const driver of new Set(wanted.values())) {
      const limit = limits.get(driver);
      const more = [...wanted].filter(([volume, of]) => of === driver && !attached.has(volume)).length;
      // Whether there is room matters to nobody who brings no further volume.
      if (limit !== undefined && more > 0 && count(attached, driver) + more > limit) return refusal;
    }
    return undefined;
  },
};

/** Drivers by volume. */
function attachedTo(node: NodeState, volumes: VolumeState): Map<string, string> {
  const attached = new Map(volumes.attachmentsTo(node.name));
  for (const pod of node.pods.values()) for (const [volume, driver] of volumesOf(pod, volumes)) attached.set(volume, driver);
  return attached;
}

function count(attached: Map<string, string>, driver: string): number {
  let sum = 0;
  for (const of of attached.values()) if (of === driver) sum++;
  return sum;
}

/** Each volume with its driver; one that is not made yet goes by its claim, and its class says the driver. */
function* volumesOf({ claims, namespace }: PodFacts, volumes: VolumeState): Iterable<[volume: string, driver: string]> {
  for (const name of claims) {
    const driver = volumes.driverOf(`${namespace}/${name}`);
    if (driver) yield [driver.volume, driver.name];
  }
}
