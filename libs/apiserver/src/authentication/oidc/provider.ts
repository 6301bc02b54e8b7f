// What this server is told of an identity provider: whose tokens it takes, and how their claims become a user.
import type { Expression } from '../../cel/environment.ts';

export const signingAlgorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

export interface ClaimMapping {
  claim: string;
  prefix: string;
}

/** The value is what the expression comes to over the claims; nothing is put before it. */
export interface ExpressionMapping {
  expression: Expression;
}

export interface ExtraMapping extends ExpressionMapping {
  key: string;
}

/** Must come to true. */
export interface ValidationRule extends ExpressionMapping {
  /** Why a token is refused when it does not. */
  message: string;
}

export interface OidcProvider {
  /** The `iss` of its tokens: an https URL. */
  issuer: string;
  /** Where its configuration is; by default `<issuer>/.well-known/openid-configuration`. */
  discoveryUrl?: string;
  /** PEM of who signed its certificate; by default the authorities that the system trusts. */
  certificateAuthority?: string;
  /** A token must be for one of them. */
  audiences: string[];
  algorithms: readonly SigningAlgorithm[];
  username: ClaimMapping | ExpressionMapping;
  groups?: ClaimMapping | ExpressionMapping;
  uid?: Pick<ClaimMapping, 'claim'> | ExpressionMapping;
  extra?: ExtraMapping[];
  /** Claims that a token must have, with these values. */
  requiredClaims: Record<string, string>;
  /** Over `claims`. */
  claimRules?: ValidationRule[];
  /** Over `user`, as the mappings made it. */
  userRules?: ValidationRule[];
}

/** The configuration cannot be used; the message names the option, or the file and the place in it, and what should be there. */
export class AuthenticationConfigurationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AuthenticationConfigurationError';
  }
}

/** Why a URL cannot be an issuer's; undefined when it can. */
export function issuerProblem(url: string): string | undefined {
  if (!URL.canParse(url)) return 'is not a URL';
  const { protocol, username, search, hash } = new URL(url);
  if (protocol !== 'https:') return 'must begin with https://';
  if (username) return 'must not contain a user name or password';
  return search || hash || url.includes('?') || url.includes('#') ? 'must not contain a query or fragment' : undefined;
}
