// Which ResourceClaims a pod uses: one that it names, or one that was made for it from a template, whose name its status says.
import type { Pod } from './generated/core-v1.types.ts';

export interface PodResourceClaim {
  /** What the pod calls it. */
  name: string;
  /** The claim; undefined while none has been made. */
  claimName: string | undefined;
  /** Whether it is made from a template, for this pod alone. */
  isGenerated: boolean;
  /** Whether there is none and none will be made, as its controller has found. */
  isUnneeded: boolean;
}

export function podResourceClaims({ spec, status }: Pod): PodResourceClaim[] {
  return (spec.resourceClaims ?? []).map(({ name = '', resourceClaimName }) => {
    if (resourceClaimName !== undefined) return { name, claimName: resourceClaimName, isGenerated: false, isUnneeded: false };
    const made = status?.resourceClaimStatuses?.find((one) => one.name === name);
    const claimName = made?.resourceClaimName;
    return { name, claimName, isGenerated: true, isUnneeded: made !== undefined && claimName === undefined };
  });
}
