// What only one pod may use at a time: a claim with the access mode ReadWriteOncePod, in the whole cluster.
import { type LocalPlugin, resolvable } from '../plugin.ts';

const refusal = resolvable(
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
);

export const volumeRestrictions: LocalPlugin = {
  name: 'VolumeRestrictions',
  filter({ claims, namespace }, _node, { volumes }) {
    return claims.some((name) => volumes.isTaken(`${namespace}/${name}`)) ? refusal : undefined;
  },
};
