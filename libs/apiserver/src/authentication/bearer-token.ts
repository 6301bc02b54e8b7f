// Where a request carries its bearer token, and what a verifier of tokens is. Verifiers are asked in order; the first that knows
// the token answers.

import type { ServedRequest } from '../core/served-message.ts';
import type { User } from '../core/types.ts';

/** How a browser's WebSocket, which cannot set headers, carries its token. */
const tokenProtocol = 'base64url.bearer.authorization.k8s.io.';

export interface TokenIdentity {
  user: User;
  /** Of the audiences that were asked for, those that the token is meant for. */
  audiences: string[];
}

export interface TokenVerifier {
  /**
   * Undefined when the token is not of this verifier's form.
   * @throws TokenError when it is, and must not be accepted
   */
  verify(token: string, audiences: string[]): Promise<TokenIdentity | undefined>;
}

/** Why a token proves nobody. For logs and TokenReviews; clients are told 401 and no more. */
export class TokenError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TokenError';
  }
}

/** Empty when something else was shown than a token. */
export function bearerToken(request: ServedRequest): string | undefined {
  const { authorization } = request.headers;
  if (authorization !== undefined) return /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? passwordOf(request, authorization) ?? '';
  const offered = String(request.headers['sec-websocket-protocol'] ?? '').split(',');
  const encoded = offered.map((protocol) => protocol.trim()).find((protocol) => protocol.startsWith(tokenProtocol));
  return encoded === undefined ? undefined : Buffer.from(encoded.slice(tokenProtocol.length), 'base64url').toString('utf8');
}

/** Clients of image registries know passwords only: theirs is a token, whatever they call its user. */
function passwordOf({ url = '' }: ServedRequest, authorization: string): string | undefined {
  if (!url.startsWith('/v2/')) return undefined;
  const encoded = /^Basic +(\S+)$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  return text.slice(text.indexOf(':') + 1);
}
