// Taints keep pods away that do not tolerate them; the soft ones only make a node less wanted.
import type { Toleration } from '@berth/api';
import { type LocalPlugin, unresolvable } from '../plugin.ts';
import { tolerates, untolerated } from '../tolerations.ts';

export const taintToleration: LocalPlugin = {
  name: 'TaintToleration',
  filter({ pod }, node) {
    const taint = untolerated(node.taints, pod.spec.tolerations, ['NoSchedule', 'NoExecute']);
    return taint && unresolvable(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`);
  },
  score: {
    weight: 3,
    normalize: 'reversed-share-of-max',
    of({ pod }, node) {
      const soft = (pod.spec.tolerations ?? []).filter(({ effect }) => !effect || effect === 'PreferNoSchedule');
      return node.taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !isTolerated(taint, soft)).length;
    },
  },
};

function isTolerated(taint: Parameters<typeof tolerates>[1], tolerations: Toleration[]): boolean {
  return tolerations.some((toleration) => tolerates(toleration, taint));
}
