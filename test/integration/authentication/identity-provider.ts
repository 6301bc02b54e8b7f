// An OpenID Connect provider on loopback, with an authority of its own: discovery, keys that can be replaced, tokens, and a page to log in at.

import { createHash, randomUUID, type webcrypto } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CertificateAuthority } from '@berth/pki';
import { systemClock } from '@berth/telemetry';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

interface Key {
  id: string;
  algorithm: string;
  privateKey: webcrypto.CryptoKey;
  publicKey: webcrypto.CryptoKey;
}

export class IdentityProvider {
  readonly issuer: string;
  /** PEM. */
  readonly authority: string;
  keyRequests = 0;
  /** What the token endpoint answers, by the form that it is asked with and the Authorization header. */
  grant: (form: URLSearchParams, authorization: string | undefined) => Promise<{ code: number; body: object }> = async () => ({
    code: 400,
    body: { error: 'invalid_grant', error_description: 'the code is not known' },
  });
  /** Whom people log in as at the provider's page, and for how long; they have nothing to do but to say yes. */
  person: { claims: JWTPayload; lifetimeSeconds?: number } | undefined;
  /** What the answer of the page is to be, if not what was asked for. */
  answerWith: { state?: string; nonce?: string } = {};
  readonly #codes = new Map<string, { challenge: string; nonce: string; redirect: string }>();
  readonly #server: Server;
  #key: Key;

  private constructor(server: Server, key: Key, authority: string) {
    this.#server = server;
    this.#key = key;
    this.authority = authority;
    this.issuer = `https://localhost:${(server.address() as AddressInfo).port}/realms/test`;
  }

  static async start(): Promise<IdentityProvider> {
    const directory = await mkdtemp(join(tmpdir(), 'berth-idp-'));
    const ca = await CertificateAuthority.open(directory, systemClock);
    await rm(directory, { recursive: true, force: true });
    const { key, certificate } = await ca.issueServing('localhost', ['localhost', '127.0.0.1']);
    const server = createServer({ key, cert: certificate });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const provider = new IdentityProvider(server, await newKey('first'), ca.pem);
    server.on('request', (request, response) => {
      if (request.url === '/realms/test/token') return void provider.#token(request, response);
      if (request.url?.startsWith('/realms/test/authorize?')) return provider.#authorize(new URL(request.url, provider.issuer), response);
      const body = provider.#answer(request.url ?? '');
      void Promise.resolve(body).then((found) => {
        response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(found ?? {}));
      });
    });
    return provider;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Signs with another key from now on; the old one is known to nobody any more. */
  async rotate(): Promise<void> {
    this.#key = await newKey('second');
  }

  /** For `kubernetes`, and for an hour, unless the claims say otherwise; undefined removes a claim. */
  token(claims: JWTPayload, { header = {}, key = this.#key }: { header?: Record<string, string>; key?: Key } = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: this.issuer, aud: 'kubernetes', sub: 'u-1', iat: now, exp: now + 3_600, ...claims };
    return new SignJWT(payload).setProtectedHeader({ alg: key.algorithm, kid: key.id, ...header }).sign(key.privateKey);
  }

  /** A page with one link, back to where one came from. */
  #authorize({ searchParams: asked }: URL, response: ServerResponse): void {
    const code = randomUUID();
    const redirect = asked.get('redirect_uri') ?? '';
    this.#codes.set(code, { challenge: asked.get('code_challenge') ?? '', nonce: asked.get('nonce') ?? '', redirect });
    const back = new URL(redirect);
    back.search = new URLSearchParams({ code, state: this.answerWith.state ?? asked.get('state') ?? '', iss: this.issuer }).toString();
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(
      `<!doctype html><title>Log in</title><link rel="icon" href="data:,"><a href="${back.href.replaceAll('&', '&amp;')}">Continue</a>`,
    );
  }

  /** Each code once, and only for whoever has begun (RFC 7636, section 4.6). To be the provider's `grant`. */
  async grantToPerson(form: URLSearchParams): Promise<{ code: number; body: object }> {
    const code = form.get('code') ?? '';
    const known = this.#codes.get(code);
    this.#codes.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (!known || known.challenge !== challenge || known.redirect !== form.get('redirect_uri'))
      return { code: 400, body: { error: 'invalid_grant', error_description: 'the code is not known' } };
    const { claims = {}, lifetimeSeconds = 3_600 } = this.person ?? {};
    const exp = Math.floor(Date.now() / 1000) + lifetimeSeconds;
    const own = { aud: form.get('client_id') ?? '', nonce: this.answerWith.nonce ?? known.nonce, exp };
    return { code: 200, body: { id_token: await this.token({ ...own, ...claims }) } };
  }

  async #token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { code, body } = await this.grant(new URLSearchParams(text), request.headers.authorization);
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  async #answer(path: string): Promise<unknown> {
    if (path === '/realms/test/.well-known/openid-configuration') {
      const endpoints = { authorization_endpoint: `${this.issuer}/authorize`, token_endpoint: `${this.issuer}/token` };
      return { issuer: this.issuer, jwks_uri: `${this.issuer}/keys`, ...endpoints };
    }
    if (path !== '/realms/test/keys') return undefined;
    this.keyRequests++;
    return { keys: [{ ...(await exportJWK(this.#key.publicKey)), kid: this.#key.id, alg: this.#key.algorithm, use: 'sig' }] };
  }
}

export async function newKey(id: string, algorithm = 'RS256'): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return { id, algorithm, privateKey, publicKey };
}
