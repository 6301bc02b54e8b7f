// A server's certificate that renews itself: a new one is made when a third of the lifetime is left, and whoever serves
// with it is told, so that no restart is needed.
import type { Clock, Logger, Timer } from '@berth/telemetry';
import { type CertificateAuthority, type KeyPairPem, servingLifetimeMs } from './certificate-authority.ts';

/** What node:tls and grpc-js need. `ca` is what client certificates are checked against. */
export interface ServingContext {
  key: string;
  cert: string;
  ca: string;
}

const checkIntervalMs = 60 * 60 * 1000;

export class ServingCertificate {
  readonly #authority: CertificateAuthority;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #commonName: string;
  readonly #names: string[];
  readonly #listeners = new Set<(context: ServingContext) => void>();
  #pair: KeyPairPem;
  #timer: Timer | undefined;

  private constructor(options: ServingOptions, pair: KeyPairPem) {
    this.#authority = options.authority;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#commonName = options.commonName;
    this.#names = options.names;
    this.#pair = pair;
    this.#schedule();
  }

  static async create(options: ServingOptions): Promise<ServingCertificate> {
    return new ServingCertificate(options, await options.authority.issueServing(options.commonName, options.names));
  }

  get context(): ServingContext {
    return { key: this.#pair.key, cert: this.#pair.certificate, ca: this.#authority.pem };
  }

  get endsAtMs(): number {
    return this.#pair.notAfterMs;
  }

  /** Calls back with every later certificate; returns how to stop that. */
  onRenewed(listener: (context: ServingContext) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#listeners.clear();
  }

  #schedule(): void {
    this.#timer = this.#clock.after(checkIntervalMs, () => {
      this.#renewIfDue()
        .catch((error) => this.#logger.error('the serving certificate could not be renewed, trying again in an hour', { error }))
        .finally(() => this.#schedule());
    });
  }

  async #renewIfDue(): Promise<void> {
    if (this.#pair.notAfterMs - this.#clock.now() > servingLifetimeMs / 3) return;
    this.#pair = await this.#authority.issueServing(this.#commonName, this.#names);
    this.#logger.info('renewed the serving certificate', { commonName: this.#commonName });
    for (const listener of this.#listeners) listener(this.context);
  }
}

export interface ServingOptions {
  authority: CertificateAuthority;
  clock: Clock;
  logger: Logger;
  commonName: string;
  names: string[];
}
