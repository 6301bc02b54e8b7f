// Log-in to the dashboard through an identity provider: authorization code with PKCE (RFC 7636), which the page does itself. What it cannot
// do is here: find the provider, and exchange a code or a refresh token for tokens, with the client's secret where it has one and past the
// page's own policy, which lets it ask nobody but this server. Nothing is kept here, and nobody is sent anywhere.
import { isRecord, StatusError } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import { askProvider, discoveryUrlOf, type ProviderAnswer, readProvider } from '../../authentication/oidc/provider-fetch.ts';
import { BodyReader } from '../body-reader.ts';
import { type Exchange, noSuchPath, sendJson, wrongMethod } from '../responses.ts';
import { type LoginConfig, readOption } from './login-options.ts';

const providerKeptMs = 600_000;
const exchangesMax = 32;
const exchangeMsMax = 30_000;
const heldBytesMax = 1024 * 1024;
const problemLengthMax = 300;

/** What may be said to the provider; everything else of a form is left out. */
const grants: Record<string, string[]> = {
  authorization_code: ['code', 'code_verifier', 'redirect_uri'],
  refresh_token: ['refresh_token'],
};

interface Endpoints {
  authorization: string;
  token: string;
  readMs: number;
}

export class DashboardLogin {
  readonly #config: LoginConfig | undefined;
  readonly #clock: Clock;
  readonly #bodies: BodyReader;
  #endpoints: Endpoints | undefined;
  #exchanges = 0;

  /** @param config undefined where only tokens log in */
  constructor(config: LoginConfig | undefined, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
    this.#bodies = new BodyReader(clock, { heldBytesMax });
  }

  /** @param segments behind `ui/oidc`. @throws StatusError */
  async serve(exchange: Exchange, segments: string[]): Promise<void> {
    const { method } = exchange.request;
    const config = this.#config;
    if (segments.length === 0) {
      if (method !== 'GET') throw wrongMethod();
      return sendJson(exchange, 200, config ? await this.#provider(config) : {});
    }
    if (!config || segments.join('/') !== 'token') throw noSuchPath();
    if (method !== 'POST') throw wrongMethod();
    const form = await this.#form(exchange, config);
    if (this.#exchanges >= exchangesMax) throw StatusError.tooManyRequests('too many log-ins are under way, please try again later', 1);
    this.#exchanges += 1;
    try {
      const tokens = tokensOf(await this.#granted(form, config), config.issuer);
      await sendJson(exchange, 200, tokens);
    } finally {
      this.#exchanges -= 1;
    }
  }

  /** Where a page sends who wants to log in. A provider that cannot be reached is named with why. */
  async #provider(config: LoginConfig): Promise<object> {
    const { issuer, clientId, scopes } = config;
    const known = { issuer, clientId, scopes };
    const endpoints = await this.#discovered(config).catch((error: Error) => error);
    return endpoints instanceof Error
      ? { ...known, problem: `The identity provider ${issuer} cannot be used: ${endpoints.message}` }
      : { ...known, authorizationEndpoint: endpoints.authorization };
  }

  /** What the provider is asked, of what the page wants it to be. */
  async #form(exchange: Exchange, config: LoginConfig): Promise<URLSearchParams> {
    const body = await this.#bodies.read(exchange, exchange.request.socket.remoteAddress ?? '');
    body.release();
    const asked = new URLSearchParams(body.bytes.toString('utf8'));
    const grant = asked.get('grant_type') ?? '';
    const names = grants[grant];
    if (!names) throw StatusError.badRequest(`grant_type: must be one of ${Object.keys(grants).join(', ')}`);
    const form = new URLSearchParams({ grant_type: grant, client_id: config.clientId });
    for (const name of names) {
      const value = asked.get(name);
      if (!value) throw StatusError.badRequest(`${name} is required with grant_type ${grant}`);
      form.set(name, value);
    }
    return form;
  }

  async #granted(form: URLSearchParams, config: LoginConfig): Promise<ProviderAnswer> {
    const { issuer, clientId, secretFile } = config;
    const secret = secretFile && (await readOption('--dashboard-oidc-client-secret-file', secretFile)).trim();
    // RFC 6749, section 2.3.1: both are form-encoded first.
    const basic = secret && Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64');
    try {
      const { token } = await this.#discovered(config);
      const headers: Record<string, string> = basic ? { authorization: `Basic ${basic}` } : {};
      return await askProvider(token, { ...(await this.#trust(config)), form, headers });
    } catch (error) {
      throw new StatusError(502, 'BadGateway', `The identity provider ${issuer} cannot be asked: ${(error as Error).message}`);
    }
  }

  async #discovered(config: LoginConfig): Promise<Endpoints> {
    const known = this.#endpoints;
    const nowMs = this.#clock.monotonicMs();
    if (known && nowMs - known.readMs < providerKeptMs) return known;
    const document: unknown = JSON.parse(await readProvider(discoveryUrlOf(config), await this.#trust(config)));
    const { issuer, authorization_endpoint: authorization, token_endpoint: token } = isRecord(document) ? document : {};
    if (issuer !== config.issuer) throw new Error(`its discovery document is of issuer ${JSON.stringify(issuer)}`);
    if (!isHttps(authorization) || !isHttps(token)) throw new Error('its discovery document names no https addresses to log in at');
    this.#endpoints = { authorization, token, readMs: nowMs };
    return this.#endpoints;
  }

  async #trust({
    certificateAuthorityFile: file,
  }: LoginConfig): Promise<{ certificateAuthority: string | undefined; signal: AbortSignal }> {
    const certificateAuthority = file && (await readOption('--dashboard-oidc-ca-file', file));
    return { certificateAuthority, signal: AbortSignal.timeout(exchangeMsMax) };
  }
}

function isHttps(url: unknown): url is string {
  return typeof url === 'string' && URL.canParse(url) && new URL(url).protocol === 'https:';
}

/** @throws StatusError with the provider's own words */
function tokensOf({ code, text }: ProviderAnswer, issuer: string): object {
  const answer = parsed(text);
  if (code !== 200) {
    const said = [answer.error, answer.error_description].filter((part) => typeof part === 'string').join(': ') || `it answered ${code}`;
    throw new StatusError(403, 'Forbidden', `The identity provider ${issuer} refused: ${said.slice(0, problemLengthMax)}`);
  }
  const { id_token: idToken, refresh_token: refreshToken } = answer;
  if (typeof idToken !== 'string') throw new StatusError(502, 'BadGateway', `The identity provider ${issuer} gave no ID token`);
  return { idToken, ...(typeof refreshToken === 'string' && { refreshToken }) };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
