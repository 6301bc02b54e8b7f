// A pod's quality of service, which decides who is killed first when a node runs out.
import { isQuantity, parseQuantity } from '@berth/machinery';
import type { PodSpec } from '../generated/core-v1.types.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** Only these count. */
const counted = ['cpu', 'memory'];

/**
 * Guaranteed: every container limits cpu and memory and requests as much. BestEffort: none says anything. A pod that has
 * resources as a whole is judged by those alone.
 */
export function qosClass(spec: PodSpec): QosClass {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].map(({ resources }) => resources);
  const judged = spec.resources ? [spec.resources] : containers;
  let isAnythingSet = false;
  let isGuaranteed = judged.length > 0;
  for (const resources of judged) {
    for (const name of counted) {
      const limit = positive(resources?.limits?.[name]);
      const request = positive(resources?.requests?.[name]);
      if (limit || request) isAnythingSet = true;
      if (!limit || (request && parseQuantity(request).compare(parseQuantity(limit)) !== 0)) isGuaranteed = false;
    }
  }
  if (!isAnythingSet) return 'BestEffort';
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

/** Zero counts as not set; so does what is no quantity, which validation refuses with its path. */
function positive(amount: string | undefined): string | undefined {
  if (amount === undefined || !isQuantity(amount)) return undefined;
  return parseQuantity(amount).toNumber() > 0 ? amount : undefined;
}
