// Berth's own access tokens, as `berth token` makes them. They are good for this server alone.
import type { Tokens } from '@berth/client';
import { TokenError, type TokenIdentity, type TokenVerifier } from './bearer-token.ts';

export class AccessTokenVerifier implements TokenVerifier {
  readonly #tokens: Tokens;
  readonly #apiAudiences: string[];

  constructor(tokens: Tokens, apiAudiences: string[]) {
    this.#tokens = tokens;
    this.#apiAudiences = apiAudiences;
  }

  async verify(token: string, audiences: string[]): Promise<TokenIdentity | undefined> {
    if (!token.startsWith('berth-access.')) return undefined;
    const user = await this.#tokens.verifyAccessToken(token);
    if (!user) throw new TokenError('the access token is unknown, wrong or expired');
    return { user: { name: user.name, groups: user.groups }, audiences: forThisServer(this.#apiAudiences, audiences) };
  }
}

/** For tokens that name no audience: they are meant for this server. @throws TokenError when another is asked for */
export function forThisServer(apiAudiences: string[], wanted: string[]): string[] {
  const shared = wanted.filter((audience) => apiAudiences.includes(audience));
  if (shared.length === 0) throw new TokenError(`the token is not meant for the audiences ${JSON.stringify(wanted)}`);
  return shared;
}
