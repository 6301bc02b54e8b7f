// Who a request comes from: the client certificate's subject, a bearer token's user, or nobody in particular.
import type { TLSSocket } from 'node:tls';
import { StatusError } from '@berth/machinery';
import type { Logger } from '@berth/telemetry';
import type { ReviewedToken } from '../core/computed/token-reviews.ts';
import type { ServedRequest } from '../core/served-message.ts';
import type { User } from '../core/types.ts';
import { bearerToken, TokenError, type TokenIdentity, type TokenVerifier } from './bearer-token.ts';
import { readCertificate } from './client-certificate.ts';
import { anonymous, authenticatedGroup } from './names.ts';

/** Longer than any token that a cluster or an identity provider makes; Node's limit for all headers is 16 KiB. */
const tokenLengthMax = 16 * 1024;

export interface AuthenticatorOptions {
  /** Asked in order. */
  verifiers: TokenVerifier[];
  /** Whom a token must be meant for. */
  audiences: string[];
  logger: Logger;
}

export class Authenticator {
  readonly #options: AuthenticatorOptions;
  /** A connection's certificate does not change, so its user is read once. */
  readonly #bySocket = new WeakMap<TLSSocket, User | null>();

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** @throws StatusError 401 when something was shown that proves nobody. */
  async authenticate(request: ServedRequest): Promise<User> {
    const byCertificate = this.#certificateUser(request.socket as TLSSocket);
    if (byCertificate) return byCertificate;
    const token = bearerToken(request);
    if (token === undefined) return anonymous;
    try {
      return (await this.reviewToken(token)).user;
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      this.#options.logger.debug('a token was refused', { reason: error.message });
      throw StatusError.unauthorized();
    }
  }

  /** `audiences` are those of this server when none are named. @throws TokenError, whose message says why */
  async reviewToken(token: string, audiences: string[] = []): Promise<TokenIdentity> {
    if (token === '' || token.length > tokenLengthMax) throw new TokenError('the token is empty or too long');
    const wanted = audiences.length > 0 ? audiences : this.#options.audiences;
    for (const verifier of this.#options.verifiers) {
      const found = await verifier.verify(token, wanted);
      if (found) return { ...found, user: withAuthenticated(found.user) };
    }
    throw new TokenError('the token is none that this server knows');
  }

  /** The same, with what is wrong with a token as an answer. */
  async review(token: string, audiences?: string[]): Promise<ReviewedToken | { problem: string }> {
    try {
      const { user, audiences: found } = await this.reviewToken(token, audiences);
      return { user, audiences: found };
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      return { problem: error.message };
    }
  }

  #certificateUser(socket: TLSSocket): User | undefined {
    const known = this.#bySocket.get(socket);
    if (known !== undefined) return known ?? undefined;
    const user = readCertificate(socket);
    this.#bySocket.set(socket, user ?? null);
    return user;
  }
}

function withAuthenticated(user: User): User {
  return user.groups.includes(authenticatedGroup) ? user : { ...user, groups: [...user.groups, authenticatedGroup] };
}
