// The identity providers that the configuration names, by options or by a file that may change while the server runs.
import type { Ports } from '@berth/telemetry';
import { parseAuthenticationFile, readAuthenticationFile } from './authentication-file.ts';
import { ConfigurationFile, type ReloadStatus } from './configuration-file.ts';
import { IdentityProviders } from './identity-providers.ts';
import { type ConfiguredProvider, withAuthority } from './provider-options.ts';

export interface AuthenticationConfig {
  /** Whom a token must be meant for to be shown to this server. */
  apiAudiences: string[];
  /** Identity providers whose tokens are taken; none when absent. */
  authentication?: { file: string } | { provider: ConfiguredProvider };
}

export interface OpenProviders {
  /** None without identity providers. */
  verifiers: IdentityProviders[];
  /** From now on, changes of the file are put into force. */
  follow(onReload: (status: ReloadStatus) => void): void;
  stop(): Promise<void>;
}

/** Starts looking for the providers. @throws AuthenticationConfigurationError */
export async function openProviders(
  { authentication, apiAudiences }: AuthenticationConfig,
  { clock, logger: all }: Pick<Ports, 'clock' | 'logger'>,
): Promise<OpenProviders> {
  if (!authentication) return { verifiers: [], follow: () => {}, stop: async () => {} };
  const logger = all.with({ role: 'api' });
  const options = { apiAudiences, clock, logger };
  if (!('file' in authentication)) {
    const providers = new IdentityProviders([await withAuthority(authentication.provider)], options);
    return { verifiers: [providers], follow: () => {}, stop: async () => providers.stop() };
  }
  const { file } = authentication;
  const content = await readAuthenticationFile(file);
  const providers = new IdentityProviders(parseAuthenticationFile(file, content), options);
  let followed: ConfigurationFile | undefined;
  return {
    verifiers: [providers],
    follow(onReload) {
      followed = new ConfigurationFile({ file, content, apply: (next) => providers.replace(next), onReload, clock, logger });
      followed.start();
    },
    async stop() {
      const unfollowed = followed?.stop();
      providers.stop();
      await unfollowed;
    },
  };
}
