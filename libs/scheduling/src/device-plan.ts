// What the ResourceClaims of a pod mean for where it can run: claims that keep it from every node for now, those that are allocated
// and may be reached from some nodes only, and those that somebody has to allocate (DynamicResources, in Kubernetes' words).
import type { ResourceClaim } from '@berth/api';
import type { DeviceState } from './device-state.ts';
import type { PodFacts } from './pod-facts.ts';

export interface DevicePlan {
  /** Why no node will do. */
  obstacle?: string;
  allocated: ResourceClaim[];
  /** How many are not. */
  unallocatedCount: number;
}

export function devicePlan(pod: PodFacts, devices: DeviceState): DevicePlan {
  const plan: DevicePlan = { allocated: [], unallocatedCount: 0 };
  for (const { claimName, isGenerated, isUnneeded } of pod.deviceClaims) {
    if (isUnneeded) continue;
    if (claimName === undefined) return { ...plan, obstacle: `pod "${pod.key}": ResourceClaim not created yet` };
    const key = `${pod.namespace}/${claimName}`;
    const claim = devices.claim(key);
    if (!claim) return { ...plan, obstacle: `could not find ResourceClaim ${JSON.stringify(key)}` };
    const obstacle = obstacleOf(pod, claim, isGenerated) ?? (claim.status?.allocation ? undefined : missingClass(claim, devices));
    if (obstacle !== undefined) return { ...plan, obstacle };
    if (claim.status?.allocation) plan.allocated.push(claim);
    else plan.unallocatedCount++;
  }
  return plan;
}

function obstacleOf({ uid, key }: PodFacts, { metadata }: ResourceClaim, isGenerated: boolean): string | undefined {
  if (metadata.deletionTimestamp) return `resourceclaim ${JSON.stringify(metadata.name)} is being deleted`;
  if (!isGenerated || metadata.ownerReferences?.some((owner) => owner.controller && owner.uid === uid)) return undefined;
  return `ResourceClaim ${metadata.namespace}/${metadata.name} was not created for pod ${key} (pod is not owner)`;
}

function missingClass({ spec }: ResourceClaim, devices: DeviceState): string | undefined {
  for (const { name, exactly, firstAvailable = [] } of spec.devices?.requests ?? []) {
    const wanted = exactly
      ? [{ request: name, className: exactly.deviceClassName }]
      : firstAvailable.map((one) => ({ request: `${name}/${one.name}`, className: one.deviceClassName }));
    const missing = wanted.find(({ className }) => !devices.hasClass(className));
    if (missing) return `request ${missing.request}: device class ${missing.className} does not exist`;
  }
  return undefined;
}
