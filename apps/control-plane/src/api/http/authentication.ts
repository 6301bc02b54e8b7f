// Who a request comes from: the client certificate's subject, a bearer token's user, or nobody in particular.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { StatusError } from '@berth/machinery';
import type { Attributes } from '../core/authorizer.ts';
import type { User } from '../core/types.ts';

const authenticated = 'system:authenticated';
const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
/** How a browser's WebSocket, which cannot set headers, carries its token. */
const tokenProtocol = 'base64url.bearer.authorization.k8s.io.';

export type VerifyToken = (token: string) => Promise<User | undefined>;

export class Authenticator {
  readonly #verifyToken: VerifyToken;
  /** A connection's certificate does not change, so its user is read once. */
  readonly #bySocket = new WeakMap<TLSSocket, User | null>();

  constructor(verifyToken: VerifyToken) {
    this.#verifyToken = verifyToken;
  }

  /** @throws StatusError 401 when something was shown that proves nobody. */
  async authenticate(request: IncomingMessage): Promise<User> {
    const byCertificate = this.#certificateUser(request.socket as TLSSocket);
    if (byCertificate) return byCertificate;
    const token = bearerToken(request);
    if (token === undefined) return anonymous;
    const user = await this.#verifyToken(token);
    if (!user) throw StatusError.unauthorized();
    return { name: user.name, groups: [...user.groups, authenticated] };
  }

  #certificateUser(socket: TLSSocket): User | undefined {
    const known = this.#bySocket.get(socket);
    if (known !== undefined) return known ?? undefined;
    const user = readCertificate(socket);
    this.#bySocket.set(socket, user ?? null);
    return user;
  }
}

/**
 * `kubectl --as`: the request counts as somebody else's. Every part of that has to be allowed; ignoring the headers would do
 * with all rights what was meant to be tried with few.
 */
export async function impersonated(
  user: User,
  headers: IncomingHttpHeaders,
  authorize: (attributes: Attributes) => Promise<void>,
): Promise<User> {
  const names = Object.keys(headers).filter((name) => name.startsWith('impersonate-'));
  if (names.length === 0) return user;
  const name = headers['impersonate-user'];
  if (typeof name !== 'string' || name === '') throw StatusError.badRequest('requested impersonation without impersonating a user');
  const unknown = names.find((header) => header !== 'impersonate-user' && header !== 'impersonate-group');
  if (unknown !== undefined) throw StatusError.badRequest(`the header ${unknown} is not supported: impersonate users and groups only`);
  // Node joins repeated headers by a comma and a space.
  const groups = [headers['impersonate-group'] ?? []].flat().flatMap((group) => group.split(', '));
  await authorize({ verb: 'impersonate', group: '', resource: 'users', name });
  for (const group of groups) await authorize({ verb: 'impersonate', group: '', resource: 'groups', name: group });
  return { name, groups: groups.includes(authenticated) ? groups : [...groups, authenticated] };
}

function readCertificate(socket: TLSSocket): User | undefined {
  const certificate = socket.getPeerCertificate?.();
  if (!certificate || Object.keys(certificate).length === 0) return undefined;
  if (!socket.authorized) throw StatusError.unauthorized();
  const { CN, O } = certificate.subject as { CN?: string | string[]; O?: string | string[] };
  if (typeof CN !== 'string' || CN === '') throw StatusError.unauthorized();
  const organizations = O === undefined ? [] : [O].flat();
  return { name: CN, groups: [...organizations, authenticated] };
}

function bearerToken(request: IncomingMessage): string | undefined {
  const { authorization } = request.headers;
  if (authorization !== undefined) return /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '';
  const offered = String(request.headers['sec-websocket-protocol'] ?? '').split(',');
  const encoded = offered.map((protocol) => protocol.trim()).find((protocol) => protocol.startsWith(tokenProtocol));
  return encoded === undefined ? undefined : Buffer.from(encoded.slice(tokenProtocol.length), 'base64url').toString('utf8');
}
