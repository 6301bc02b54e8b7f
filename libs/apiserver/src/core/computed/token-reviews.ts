// What token reviews answer: whose a token is, and for whom.
import { TokenReview } from '@berth/api';
import { StatusError } from '@berth/machinery';
import { erased } from '../kinds-by-name.ts';
import type { ServedKind } from '../resource-registry.ts';
import type { User } from '../types.ts';
import { userInfo } from './access-reviews.ts';
import { type UnstoredCreatePorts, unstoredCreate } from './unstored-create.ts';

export interface ReviewedToken {
  user: User;
  /** Those of the audiences asked about that it is for. */
  audiences: string[];
}

/** Or why it is nobody's. */
export type ReviewToken = (token: string, audiences: string[] | undefined) => Promise<ReviewedToken | { problem: string }>;

export function tokenReviews(ports: UnstoredCreatePorts, review: ReviewToken): ServedKind {
  const create = unstoredCreate<TokenReview>(ports, async (asked) => {
    const { token, audiences: wanted } = asked.spec ?? {};
    if (!token) throw StatusError.badRequest('token is required for TokenReview in authentication');
    const found = await review(token, wanted);
    if ('problem' in found) return { ...asked, status: { user: {}, error: found.problem } };
    return { ...asked, status: { authenticated: true, user: userInfo(found.user), audiences: found.audiences } };
  });
  return { kind: erased(TokenReview), resource: { create } };
}
