// Tokens of an identity provider (OpenID Connect): signed by it, in their time, for us; their claims say who it is.
import type { Clock } from '@berth/telemetry';
import { type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { TokenError, type TokenIdentity, type TokenVerifier } from '../bearer-token.ts';
import { unprovenIssuer } from '../service-accounts/token-verifier.ts';
import type { ClaimMapping, OidcProvider } from './provider.ts';

/** For a provider whose clock is ahead. As kube-apiserver, which forgives nothing at the end. */
const notBeforeLeewaySeconds = 300;

export interface OidcVerifierOptions {
  provider: OidcProvider;
  findKey: JWTVerifyGetKey;
  /** Of this server: whom a token of the provider is as good as meant for. */
  apiAudiences: string[];
  clock: Clock;
}

export class OidcVerifier implements TokenVerifier {
  readonly #options: OidcVerifierOptions;

  constructor(options: OidcVerifierOptions) {
    this.#options = options;
  }

  async verify(token: string, wanted: string[]): Promise<TokenIdentity | undefined> {
    const { provider, apiAudiences } = this.#options;
    if (unprovenIssuer(token) !== provider.issuer) return undefined;
    const audiences = wanted.filter((audience) => apiAudiences.includes(audience));
    if (audiences.length === 0) throw new TokenError('tokens of identity providers are for this server only');
    const claims = await this.#proven(token);
    for (const [claim, value] of Object.entries(provider.requiredClaims)) {
      if (claims[claim] !== value) throw new TokenError(`the claim ${claim} is not ${JSON.stringify(value)}`);
    }
    const uid = provider.uidClaim === undefined ? undefined : textOf(claims, provider.uidClaim);
    const user = { name: usernameOf(claims, provider.username), groups: groupsOf(claims, provider.groups), ...(uid && { uid }) };
    return { user, audiences };
  }

  async #proven(token: string): Promise<JWTPayload> {
    const { provider, findKey, clock } = this.#options;
    const nowMs = clock.now();
    try {
      const { payload } = await jwtVerify(token, findKey, {
        algorithms: [...provider.algorithms],
        issuer: provider.issuer,
        audience: provider.audiences,
        requiredClaims: ['exp'],
        clockTolerance: notBeforeLeewaySeconds,
        currentDate: new Date(nowMs),
      });
      if ((payload.exp ?? 0) * 1000 <= nowMs) throw new TokenError('the token has expired');
      return payload;
    } catch (error) {
      if (error instanceof TokenError) throw error;
      throw new TokenError(error instanceof Error ? error.message : String(error));
    }
  }
}

function usernameOf(claims: JWTPayload, { claim, prefix }: ClaimMapping): string {
  // Whoever gives out addresses that nobody checked gives out names.
  if (claim === 'email' && claims.email_verified !== undefined && claims.email_verified !== true)
    throw new TokenError('the email is not verified');
  return prefix + textOf(claims, claim);
}

function groupsOf(claims: JWTPayload, mapping: ClaimMapping | undefined): string[] {
  const value = mapping && claims[mapping.claim];
  if (mapping === undefined || value === undefined || value === null) return [];
  const groups = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(groups) || !groups.every((group) => typeof group === 'string')) {
    throw new TokenError(`the claim ${mapping.claim} is neither a text nor a list of texts`);
  }
  return groups.filter((group) => group !== '').map((group) => mapping.prefix + group);
}

function textOf(claims: JWTPayload, claim: string): string {
  const value = claims[claim];
  if (typeof value !== 'string' || value === '') throw new TokenError(`the claim ${claim} is no text`);
  return value;
}
