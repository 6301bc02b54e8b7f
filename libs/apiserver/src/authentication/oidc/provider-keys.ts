// An identity provider's keys: found by its discovery document, kept for a while, and asked for again when a token names one
// that is not among them, but not at every such token. (OpenID Connect Discovery 1.0, section 4.)
import { isRecord } from '@berth/machinery';
import type { Clock, Logger } from '@berth/telemetry';
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { TokenError } from '../bearer-token.ts';
import type { OidcProvider } from './provider.ts';
import { discoveryUrlOf, readProvider } from './provider-fetch.ts';

const timeoutMs = 10_000;
const retryMsMin = 1_000;
const retryMsMax = 60_000;

export class ProviderKeys {
  readonly #provider: OidcProvider;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  readonly #reached = Promise.withResolvers<void>();
  #find: JWTVerifyGetKey | undefined;

  constructor(provider: OidcProvider, clock: Clock, logger: Logger) {
    this.#provider = provider;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Looks for the provider until it is found; the server does not wait for it. */
  start(): void {
    void this.#discover(this.#stopping.signal);
  }

  stop(): void {
    this.#stopping.abort(new Error('the server is stopping'));
  }

  /** Resolves when the provider has said where its keys are; never, if it does not before `stop`. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  /** @throws TokenError until the provider has been reached once */
  readonly find: JWTVerifyGetKey = (header, token) => {
    if (!this.#find) throw new TokenError(`the identity provider ${this.#provider.issuer} has not been reached yet`);
    return this.#find(header, token);
  };

  async #discover(signal: AbortSignal): Promise<void> {
    const { issuer } = this.#provider;
    const url = discoveryUrlOf(this.#provider);
    for (let retryMs = retryMsMin; !signal.aborted; retryMs = Math.min(retryMs * 2, retryMsMax)) {
      try {
        const keysUrl = keysUrlIn(JSON.parse(await this.#fetch(url, signal)), issuer);
        const fetchKeys = async (target: string, options: { signal: AbortSignal }) =>
          new Response(await this.#fetch(target, options.signal));
        this.#find = createRemoteJWKSet(keysUrl, { [customFetch]: fetchKeys, timeoutDuration: timeoutMs });
        this.#logger.info('found the identity provider', { issuer });
        this.#reached.resolve();
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#logger.warn('the identity provider cannot be used; trying again', { issuer, retryMs, error });
        await this.#clock.sleep(retryMs, signal).catch(() => undefined);
      }
    }
  }

  #fetch(url: string, signal: AbortSignal): Promise<string> {
    return readProvider(url, { certificateAuthority: this.#provider.certificateAuthority, signal });
  }
}

function keysUrlIn(document: unknown, issuer: string): URL {
  const { issuer: named, jwks_uri: keys } = isRecord(document) ? document : {};
  if (named !== issuer) throw new Error(`the discovery document is of issuer ${JSON.stringify(named)}, not of ${JSON.stringify(issuer)}`);
  if (typeof keys !== 'string' || !URL.canParse(keys) || new URL(keys).protocol !== 'https:') {
    throw new Error(`the discovery document names no https address of keys (jwks_uri: ${JSON.stringify(keys)})`);
  }
  return new URL(keys);
}
