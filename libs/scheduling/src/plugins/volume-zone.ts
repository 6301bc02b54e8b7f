// A volume whose labels name zones or regions is reachable from nodes of those only; nodes that name none reach every volume.
import type { NodeState } from '../node-state.ts';
import { type LocalPlugin, unresolvable } from '../plugin.ts';

const refusal = unresolvable('node(s) had no available volume zone');
/** Old labels, and those that took their place. */
const renamed: Record<string, string> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
};
const keys = Object.entries(renamed).flat();

export const volumeZone: LocalPlugin = {
  name: 'VolumeZone',
  filter({ claims, namespace }, node, { volumes }) {
    if (claims.length === 0 || keys.every((key) => node.labels[key] === undefined)) return undefined;
    const isElsewhere = claims.some((name) => {
      const volumeName = volumes.claims.get(`${namespace}/${name}`)?.spec.volumeName ?? '';
      const labels = volumes.volumes.get(volumeName)?.metadata.labels ?? {};
      return keys.some((key) => !isIn(node, key, labels[key]));
    });
    return isElsewhere ? refusal : undefined;
  },
};

/** @param value one zone or several, as the volume's label has them; what is none of both says nothing */
function isIn({ labels }: NodeState, key: string, value: string | undefined): boolean {
  const zones = value?.split('__').map((zone) => zone.trim()) ?? [];
  if (zones.length === 0 || zones.includes('')) return true;
  const own = labels[key] ?? labels[renamed[key] ?? key];
  return own !== undefined && zones.includes(own);
}
