// A pod that names its node goes there or nowhere.
import { type LocalPlugin, unresolvable } from '../plugin.ts';

const refusal = unresolvable("node(s) didn't match the requested node name");

export const nodeName: LocalPlugin = {
  name: 'NodeName',
  filter: ({ pod }, node) => (pod.spec.nodeName && pod.spec.nodeName !== node.name ? refusal : undefined),
};
