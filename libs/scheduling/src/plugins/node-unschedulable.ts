// A cordoned node takes no new pods, save those that tolerate it.
import { type LocalPlugin, unresolvable } from '../plugin.ts';
import { tolerates } from '../tolerations.ts';

const refusal = unresolvable('node(s) were unschedulable');
const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

export const nodeUnschedulable: LocalPlugin = {
  name: 'NodeUnschedulable',
  filter({ pod }, { node }) {
    if (!node?.spec?.unschedulable) return undefined;
    return pod.spec.tolerations?.some((toleration) => tolerates(toleration, taint)) ? undefined : refusal;
  },
};
