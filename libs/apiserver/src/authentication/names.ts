// Names that authentication gives to users and groups, as Kubernetes gives them.
import type { User } from '../core/types.ts';

export const authenticatedGroup = 'system:authenticated';
export const unauthenticatedGroup = 'system:unauthenticated';
export const anonymousName = 'system:anonymous';
export const anonymous: User = { name: anonymousName, groups: [unauthenticatedGroup] };

/** Which credential was shown: a certificate's fingerprint or a token's jti. */
export const credentialIdKey = 'authentication.kubernetes.io/credential-id';

const accountPrefix = 'system:serviceaccount:';

export interface AccountName {
  namespace: string;
  name: string;
}

export function accountUserName({ namespace, name }: AccountName): string {
  return `${accountPrefix}${namespace}:${name}`;
}

export function accountGroups(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

/** Undefined when the user is no service account. */
export function accountOf(userName: string): AccountName | undefined {
  const match = /^system:serviceaccount:([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?):([a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)$/.exec(userName);
  return match ? { namespace: match[1] ?? '', name: match[2] ?? '' } : undefined;
}
