// Who am I, and whose token is this. Nothing of these reviews is stored: they are created to be answered.
import { defineKind } from '@berth/machinery';
import type { SelfSubjectReview as SelfType, TokenReview as TokenType } from '../generated/authentication-v1.types.ts';
import { schemas } from '../schemas.ts';

export type SelfSubjectReview = SelfType;
export type TokenReview = TokenType;

const common = { group: 'authentication.k8s.io', version: 'v1', scope: 'Cluster' as const, verbs: ['create'] };

export const SelfSubjectReview = defineKind<SelfSubjectReview>({
  ...common,
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  schema: schemas.message('authentication.v1.SelfSubjectReview'),
});

export const TokenReview = defineKind<TokenReview>({
  ...common,
  kind: 'TokenReview',
  plural: 'tokenreviews',
  schema: schemas.message('authentication.v1.TokenReview'),
});
