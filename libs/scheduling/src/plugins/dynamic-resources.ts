// A pod runs where the devices that were allocated for its claims can be reached. Nothing here allocates devices: claims that nobody
// else has allocated keep a pod from every node.
import { devicePlan } from '../device-plan.ts';
import { nodeMatches } from '../node-selector.ts';
import { type LocalPlugin, unresolvable } from '../plugin.ts';

const elsewhere = unresolvable('resourceclaim not available on the node');
const unallocated = unresolvable('cannot allocate all claims');

export const dynamicResources: LocalPlugin = {
  name: 'DynamicResources',
  filter(pod, node, { devices }) {
    if (pod.deviceClaims.length === 0) return undefined;
    const { allocated, unallocatedCount } = devicePlan(pod, devices);
    const isReachable = allocated.every(({ status }) => {
      const selector = status?.allocation?.nodeSelector;
      return !selector || nodeMatches(selector, node);
    });
    if (!isReachable) return elsewhere;
    return unallocatedCount > 0 ? unallocated : undefined;
  },
};
