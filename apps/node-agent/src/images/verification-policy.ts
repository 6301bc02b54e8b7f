// For which images that are on the node a pod has to show that it could pull them, by the kubelet's policies. Pure.

import { repositoryOf } from './image-name.ts';

export const verificationPolicies = ['NeverVerify', 'NeverVerifyPreloadedImages', 'NeverVerifyAllowlistedImages', 'AlwaysVerify'] as const;
export type VerificationPolicyName = (typeof verificationPolicies)[number];

export const defaultVerificationPolicy: VerificationPolicyName = 'NeverVerifyPreloadedImages';

export interface VerificationPolicy {
  name: VerificationPolicyName;
  /** @param repository without tag and digest @param wasPulled by this node, rather than brought to it by hand */
  verifies(repository: string, wasPulled: boolean): boolean;
}

/** @param allowlist of NeverVerifyAllowlistedImages: names of images without tag, or beginnings of them that end in `/*` @throws Error */
export function verificationPolicy(name: string, allowlist: readonly string[] = []): VerificationPolicy {
  const known = verificationPolicies.find((policy) => policy === name);
  if (!known) throw new Error(`${JSON.stringify(name)} is not one of ${verificationPolicies.join(', ')}`);
  if (allowlist.length > 0 && known !== 'NeverVerifyAllowlistedImages')
    throw new Error(`images are listed for NeverVerifyAllowlistedImages only, and the policy is ${known}`);
  const patterns = allowlist.map(allowed);
  const verifies: Record<VerificationPolicyName, VerificationPolicy['verifies']> = {
    NeverVerify: () => false,
    NeverVerifyPreloadedImages: (_, wasPulled) => wasPulled,
    NeverVerifyAllowlistedImages: (repository) => !patterns.some((fits) => fits(repository)),
    AlwaysVerify: () => true,
  };
  return { name: known, verifies: verifies[known] };
}

function allowed(pattern: string): (repository: string) => boolean {
  const start = pattern.endsWith('/*') ? pattern.slice(0, -1) : undefined;
  const name = start ?? pattern;
  if (name === '' || name === '/' || /[\s*@]/.test(name) || (start === undefined && repositoryOf(name) !== name))
    throw new Error(
      `${JSON.stringify(pattern)} is not the full name of an image without tag, such as docker.io/library/busybox, nor the beginning of one with /* at its end`,
    );
  return start === undefined ? (repository) => repository === name : (repository) => repository.startsWith(start);
}
