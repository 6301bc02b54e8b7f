// The identity providers that the configuration names, each with a verifier of its tokens.
import type { ControlPlaneConfig, Ports } from '../../../config.ts';
import { parseAuthenticationFile, readAuthenticationFile } from './authentication-file.ts';
import { ProviderKeys } from './provider-keys.ts';
import { withAuthority } from './provider-options.ts';
import { OidcVerifier } from './token-verifier.ts';

/** Starts looking for the providers. @throws AuthenticationConfigurationError */
export async function openProviders(
  { authentication, apiAudiences }: Pick<ControlPlaneConfig, 'authentication' | 'apiAudiences'>,
  { clock, logger }: Ports,
): Promise<{ verifiers: OidcVerifier[]; stop(): void }> {
  if (!authentication) return { verifiers: [], stop: () => {} };
  const providers =
    'file' in authentication
      ? parseAuthenticationFile(authentication.file, await readAuthenticationFile(authentication.file))
      : [await withAuthority(authentication.provider)];
  const all = providers.map((provider) => ({ provider, keys: new ProviderKeys(provider, clock, logger.with({ role: 'api' })) }));
  for (const { keys } of all) keys.start();
  return {
    verifiers: all.map(({ provider, keys }) => new OidcVerifier({ provider, findKey: keys.find, apiAudiences, clock })),
    stop: () => {
      for (const { keys } of all) keys.stop();
    },
  };
}
