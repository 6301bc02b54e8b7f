// Tokens of an identity provider (OpenID Connect): signed by it, in their time, for us; their claims say who it is.
import type { Clock } from '@berth/telemetry';
import { type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { TokenError, type TokenIdentity, type TokenVerifier } from '../bearer-token.ts';
import { unprovenIssuer } from '../service-accounts/token-verifier.ts';
import { userOf } from './claims-to-user.ts';
import type { OidcProvider } from './provider.ts';

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
    return { user: userOf(await this.#proven(token), provider), audiences };
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
