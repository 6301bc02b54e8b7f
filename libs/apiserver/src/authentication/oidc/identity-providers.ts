// The identity providers that are configured now, each with its keys and a verifier of its tokens. They are replaced as a whole,
// and only by providers that could be reached: until then, tokens mean what they meant before.
import type { Clock, Logger } from '@berth/telemetry';
import type { TokenIdentity, TokenVerifier } from '../bearer-token.ts';
import type { OidcProvider } from './provider.ts';
import { ProviderKeys } from './provider-keys.ts';
import { OidcVerifier } from './token-verifier.ts';

/** As kube-apiserver. */
const reachMsMax = 60_000;

export interface IdentityProvidersOptions {
  apiAudiences: string[];
  clock: Clock;
  logger: Logger;
}

interface Configured {
  keys: ProviderKeys[];
  verifiers: OidcVerifier[];
}

export class IdentityProviders implements TokenVerifier {
  readonly #options: IdentityProvidersOptions;
  readonly #stopping = new AbortController();
  #now: Configured;

  /** Starts looking for the providers, and does not wait for them: they may run on this cluster. */
  constructor(providers: OidcProvider[], options: IdentityProvidersOptions) {
    this.#options = options;
    this.#now = this.#configure(providers);
  }

  async verify(token: string, audiences: string[]): Promise<TokenIdentity | undefined> {
    for (const verifier of this.#now.verifiers) {
      const found = await verifier.verify(token, audiences);
      if (found) return found;
    }
    return undefined;
  }

  /** @throws Error when not all of them were reached within a minute; then those before stay */
  async replace(providers: OidcProvider[]): Promise<void> {
    const next = this.#configure(providers);
    const over = new AbortController();
    const late = async () => {
      await this.#options.clock.sleep(reachMsMax, AbortSignal.any([over.signal, this.#stopping.signal]));
      throw new Error(`not all of the new identity providers were reached within ${reachMsMax / 1000} s`);
    };
    try {
      await Promise.race([Promise.all(next.keys.map(({ reached }) => reached)), late()]);
    } catch (error) {
      stop(next);
      throw error;
    } finally {
      over.abort(new Error('the providers were reached'));
    }
    stop(this.#now);
    this.#now = next;
  }

  stop(): void {
    this.#stopping.abort(new Error('the server is stopping'));
    stop(this.#now);
  }

  #configure(providers: OidcProvider[]): Configured {
    const { apiAudiences, clock, logger } = this.#options;
    const all = providers.map((provider) => ({ provider, keys: new ProviderKeys(provider, clock, logger) }));
    for (const { keys } of all) keys.start();
    return {
      keys: all.map(({ keys }) => keys),
      verifiers: all.map(({ provider, keys }) => new OidcVerifier({ provider, findKey: keys.find, apiAudiences, clock })),
    };
  }
}

function stop({ keys }: Configured): void {
  for (const one of keys) one.stop();
}
