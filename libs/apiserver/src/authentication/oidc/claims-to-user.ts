// From the claims of a proven token to the user that they are, by the provider's mappings and rules. What cannot be worked out
// refuses the token.
import type { JWTPayload } from 'jose';
import { Budget } from '../../cel/budget.ts';
import { ExpressionError } from '../../cel/expression-error.ts';
import { celValue } from '../../cel/values.ts';
import type { User } from '../../core/types.ts';
import { TokenError } from '../bearer-token.ts';
import { textOf, textsOf, userValue, type Values } from './claim-expressions.ts';
import type { ClaimMapping, OidcProvider, ValidationRule } from './provider.ts';

/** The claims, and what expressions over them may still cost. */
class Known {
  readonly claims: JWTPayload;
  readonly budget = new Budget();
  #values: Values | undefined;

  constructor(claims: JWTPayload) {
    this.claims = claims;
  }

  /** The claims as expressions see them. @throws ExpressionError */
  get values(): Values {
    this.#values ??= { claims: celValue(this.claims) };
    return this.#values;
  }
}

/** @throws TokenError, whose message says what is wrong with the claims, or which expression has no value for them */
export function userOf(claims: JWTPayload, provider: OidcProvider): User {
  for (const [claim, value] of Object.entries(provider.requiredClaims)) {
    if (claims[claim] !== value) throw new TokenError(`the claim ${claim} is not ${JSON.stringify(value)}`);
  }
  const known = new Known(claims);
  const uid = uidOf(known, provider.uid);
  const extra = extraOf(known, provider);
  const user: User = { name: usernameOf(known, provider.username), groups: groupsOf(known, provider.groups), ...(uid && { uid }) };
  if (Object.keys(extra).length > 0) user.extra = extra;
  follow('claimValidationRules', provider.claimRules, known.budget, () => known.values);
  follow('userValidationRules', provider.userRules, known.budget, () => userValue(user));
  return user;
}

function usernameOf(known: Known, mapping: OidcProvider['username']): string {
  if ('claim' in mapping) return usernameByClaim(known.claims, mapping);
  const name = about('username', () => textOf(mapping.expression, known.values, known.budget));
  if (name === '') throw new TokenError('username: the expression evaluates to an empty string');
  return name;
}

function usernameByClaim(claims: JWTPayload, { claim, prefix }: ClaimMapping): string {
  // Whoever gives out addresses that nobody checked gives out names.
  if (claim === 'email' && claims.email_verified !== undefined && claims.email_verified !== true)
    throw new TokenError('the email is not verified');
  return prefix + claimText(claims, claim);
}

function groupsOf(known: Known, mapping: OidcProvider['groups']): string[] {
  if (!mapping) return [];
  if ('expression' in mapping) return about('groups', () => textsOf(mapping.expression, known.values, known.budget));
  const value = known.claims[mapping.claim];
  if (value === undefined || value === null) return [];
  const groups = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(groups) || !groups.every((group) => typeof group === 'string')) {
    throw new TokenError(`the claim ${mapping.claim} is neither a text nor a list of texts`);
  }
  return groups.filter((group) => group !== '').map((group) => mapping.prefix + group);
}

function uidOf(known: Known, mapping: OidcProvider['uid']): string | undefined {
  if (!mapping) return undefined;
  if ('claim' in mapping) return claimText(known.claims, mapping.claim);
  return about('uid', () => textOf(mapping.expression, known.values, known.budget));
}

function extraOf(known: Known, { extra = [] }: OidcProvider): Record<string, string[]> {
  const found = extra.map(({ key, expression }): [string, string[]] => [
    key,
    about(`extra ${key}`, () => textsOf(expression, known.values, known.budget)),
  ]);
  return Object.fromEntries(found.filter(([, values]) => values.length > 0));
}

function follow(what: string, rules: ValidationRule[] = [], budget: Budget, values: () => Values): void {
  for (const { expression, message } of rules) {
    if (about(what, () => expression.evaluate(values(), budget)) === true) continue;
    throw new TokenError(`${what}: ${JSON.stringify(expression.source)} does not hold${message && `: ${message}`}`);
  }
}

function claimText(claims: JWTPayload, claim: string): string {
  const value = claims[claim];
  if (typeof value !== 'string' || value === '') throw new TokenError(`the claim ${claim} is no text`);
  return value;
}

function about<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ExpressionError) throw new TokenError(`${what}: ${error.message}`);
    throw error;
  }
}
