// Who this server is towards servers that extend the API: it vouches for users in headers, which those servers believe because of its
// certificate. The certificates come from an authority of their own, as nobody else may vouch for anybody.
import { join } from 'node:path';
import type { Clock } from '@berth/telemetry';
import { CertificateAuthority, type KeyPairPem, servingLifetimeMs } from './certificate-authority.ts';

export const frontProxyName = 'front-proxy-client';

export class FrontProxy {
  readonly authority: CertificateAuthority;
  readonly #clock: Clock;
  #pair: Promise<KeyPairPem> | undefined;
  #notAfterMs = 0;

  private constructor(authority: CertificateAuthority, clock: Clock) {
    this.authority = authority;
    this.#clock = clock;
  }

  /** @param directory of the authority, which is made at the first start @throws Error naming the file and what to do */
  static async open(directory: string, clock: Clock): Promise<FrontProxy> {
    return new FrontProxy(await CertificateAuthority.open(join(directory, 'front-proxy'), clock, 'front-proxy-ca'), clock);
  }

  /** The certificate to show, made when first needed and again when a third of its time is left. */
  async credentials(): Promise<KeyPairPem> {
    if (!this.#pair || this.#notAfterMs - this.#clock.now() < servingLifetimeMs / 3) {
      // Those who come meanwhile wait for the same one; whoever comes after a failure asks again.
      this.#notAfterMs = Number.POSITIVE_INFINITY;
      this.#pair = this.authority.issueClient(frontProxyName, []);
      try {
        this.#notAfterMs = (await this.#pair).notAfterMs;
      } catch (error) {
        this.#pair = undefined;
        throw error;
      }
    }
    return this.#pair;
  }

  /** What servers that extend the API are told in `kube-system/extension-apiserver-authentication` about whom to believe. */
  requestHeaderData(): Record<string, string> {
    return {
      'requestheader-allowed-names': JSON.stringify([frontProxyName]),
      'requestheader-client-ca-file': this.authority.pem,
      'requestheader-extra-headers-prefix': JSON.stringify(['X-Remote-Extra-']),
      'requestheader-group-headers': JSON.stringify(['X-Remote-Group']),
      'requestheader-uid-headers': JSON.stringify(['X-Remote-Uid']),
      'requestheader-username-headers': JSON.stringify(['X-Remote-User']),
    };
  }
}
