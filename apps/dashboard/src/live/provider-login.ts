// Log-in through an identity provider: authorization code with PKCE (RFC 7636, OpenID Connect Core 1.0, section 3.1), by this tab alone. What
// it began is kept in its sessionStorage, so that only an answer to that is taken, once; where to go on afterwards is never read from the answer.

export interface Provider {
  issuer: string;
  clientId: string;
  scopes: string[];
  /** Absent while it cannot be reached. */
  authorizationEndpoint?: string;
  problem?: string;
}

export interface Tokens {
  idToken: string;
  refreshToken?: string | undefined;
  /** What is wrong with the token, as far as one can tell without its keys. */
  problem?: string | undefined;
}

interface Begun {
  state: string;
  nonce: string;
  verifier: string;
  provider: Provider;
  /** Behind `/ui/`: what was shown. */
  shown: string;
}

const begunKey = 'berth-login';
const refreshKey = 'berth-refresh';
/** A token is refreshed so long before its end, or at half of its life. */
const refreshEarlyMs = 60_000;
/** Timers overflow beyond. */
const timerMsMax = 2 ** 31 - 1;

/** Undefined where only tokens log in. @throws Error */
export async function knownProvider(): Promise<Provider | undefined> {
  const response = await fetch('/ui/oidc', { cache: 'no-store' });
  const provider = (await response.json()) as Partial<Provider>;
  return provider.issuer === undefined ? undefined : (provider as Provider);
}

/** Leaves this page for the provider's. */
export async function beginLogin(provider: Provider): Promise<void> {
  const [state, nonce, verifier] = [randomText(), randomText(), randomText()];
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  const begun: Begun = { state, nonce, verifier, provider, shown: `${location.search}${location.hash}` };
  sessionStorage.setItem(begunKey, JSON.stringify(begun));
  const url = new URL(provider.authorizationEndpoint ?? '');
  const asked = {
    response_type: 'code',
    client_id: provider.clientId,
    redirect_uri: redirectUri(),
    scope: provider.scopes.join(' '),
    ...{ state, nonce, code_challenge: base64Url(new Uint8Array(digest)), code_challenge_method: 'S256' },
  };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  location.assign(url);
}

/** What the provider's answer in this page's address comes to; undefined without one. @throws Error in words for who wants to log in */
export async function finishedLogin(): Promise<Tokens | undefined> {
  const answer = new URLSearchParams(location.search);
  if (!answer.has('state')) return undefined;
  const text = sessionStorage.getItem(begunKey);
  sessionStorage.removeItem(begunKey);
  const begun = text === null ? undefined : (JSON.parse(text) as Begun);
  // A code is good for nothing any more, and no part of links.
  history.replaceState(null, '', `/ui/${begun?.shown ?? ''}`);
  if (!begun || answer.get('state') !== begun.state) {
    throw new Error('This is not the answer to a log-in that this tab has begun. Log in again.');
  }
  const { issuer } = begun.provider;
  const error = answer.get('error');
  if (error)
    throw new Error(`The identity provider ${issuer} refused: ${[error, answer.get('error_description')].filter(Boolean).join(': ')}`);
  // RFC 9207: whose answer it is, where the provider says so.
  if ((answer.get('iss') ?? issuer) !== issuer) throw new Error(`The answer is of ${answer.get('iss')}, not of ${issuer}. Log in again.`);
  const code = answer.get('code') ?? '';
  const tokens = await exchanged({ grant_type: 'authorization_code', code, code_verifier: begun.verifier, redirect_uri: redirectUri() });
  const claims = claimsOf(tokens.idToken);
  if (claims.nonce !== begun.nonce) throw new Error('The token of the identity provider is not for this log-in. Log in again.');
  keep(tokens);
  return { ...tokens, problem: problemOf(claims, begun.provider, Date.now()) };
}

/** @throws Error */
export async function refreshedTokens(): Promise<Tokens> {
  const tokens = await exchanged({ grant_type: 'refresh_token', refresh_token: sessionStorage.getItem(refreshKey) ?? '' });
  keep(tokens);
  return tokens;
}

/** When to refresh a token; undefined for one that cannot be. */
export function refreshInMs(token: string): number | undefined {
  if (sessionStorage.getItem(refreshKey) === null) return undefined;
  const { exp } = claimsOf(token);
  if (typeof exp !== 'number') return undefined;
  const leftMs = exp * 1000 - Date.now();
  return Math.min(Math.max(leftMs - refreshEarlyMs, leftMs / 2, 0), timerMsMax);
}

export function forgetLogin(): void {
  sessionStorage.removeItem(refreshKey);
  sessionStorage.removeItem(begunKey);
}

type Claims = Record<string, unknown>;

/** Why the API will refuse a token, where that can be seen without its keys. */
export function problemOf({ aud, exp, iat, iss }: Claims, { clientId, issuer }: Provider, nowMs: number): string | undefined {
  if (iss !== issuer) return `The token is of ${String(iss)}, not of ${issuer}.`;
  if (![aud].flat().includes(clientId)) return `The token is meant for ${[aud].flat().join(', ')}, not for ${clientId}.`;
  const minutes = (seconds: number) => Math.ceil(Math.abs(seconds - nowMs / 1000) / 60);
  if (typeof exp === 'number' && exp * 1000 <= nowMs)
    return `The token ended ${minutes(exp)} min ago: the clocks of the identity provider and of this machine differ.`;
  if (typeof iat === 'number' && iat * 1000 > nowMs + refreshEarlyMs)
    return `The token begins in ${minutes(iat)} min: the clocks of the identity provider and of this machine differ.`;
  return undefined;
}

/** Not checked: the API does that. Empty for what is no JWT. */
export function claimsOf(token: string): Claims {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(payload), (char) => char.charCodeAt(0)))) as Claims;
  } catch {
    // Tokens of other sorts have no claims.
    return {};
  }
}

async function exchanged(form: Record<string, string>): Promise<Tokens> {
  const response = await fetch('/ui/oidc/token', { method: 'POST', body: new URLSearchParams(form), cache: 'no-store' }).catch(() => {
    throw new Error('the control plane cannot be reached');
  });
  const answer = (await response.json()) as Tokens & { message?: string };
  if (!response.ok) throw new Error(answer.message ?? `the API answered ${response.status}`);
  return { idToken: answer.idToken, refreshToken: answer.refreshToken };
}

/** A provider that gives no new refresh token leaves the last one good. */
function keep({ refreshToken }: Tokens): void {
  if (refreshToken !== undefined) sessionStorage.setItem(refreshKey, refreshToken);
}

function redirectUri(): string {
  return `${location.origin}/ui/`;
}

function randomText(): string {
  return base64Url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
