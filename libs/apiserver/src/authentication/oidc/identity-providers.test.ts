// Providers that are replaced while the server runs.
import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { TokenError } from '../bearer-token.ts';
import { IdentityProviders } from './identity-providers.ts';
import { type OidcProvider, signingAlgorithms } from './provider.ts';

/** Nobody listens there. */
const unreachable = (name: string): OidcProvider => ({
  ...{ issuer: `https://localhost:1/${name}`, audiences: ['k'], algorithms: signingAlgorithms, requiredClaims: {} },
  username: { claim: 'sub', prefix: '' },
});
const tokenOf = ({ issuer }: OidcProvider) => `e30.${Buffer.from(JSON.stringify({ iss: issuer })).toString('base64url')}.e30`;
const [first, second] = [unreachable('first'), unreachable('second')];
/** Whoever knows the issuer refuses this token; whoever does not says nothing of it. */
const isKnown = (providers: IdentityProviders, provider: OidcProvider) =>
  providers.verify(tokenOf(provider), ['k']).then(
    (found) => found !== undefined,
    (error) => error instanceof TokenError,
  );

test('providers that cannot be reached replace nobody', async () => {
  const clock = new SimulatedClock();
  const providers = new IdentityProviders([first], { apiAudiences: ['k'], clock, logger: silentLogger });
  const replaced = providers.replace([second]).catch((error: Error) => error.message);
  await clock.advance(60_000);
  expect(await replaced).toBe('not all of the new identity providers were reached within 60 s');
  expect([await isKnown(providers, first), await isKnown(providers, second)]).toEqual([true, false]);
  await providers.replace([]);
  expect(await isKnown(providers, first)).toBe(false);
  providers.stop();
});

test('a server that stops does not wait for them', async () => {
  const clock = new SimulatedClock();
  const providers = new IdentityProviders([], { apiAudiences: ['k'], clock, logger: silentLogger });
  const replaced = providers.replace([second]);
  providers.stop();
  await expect(replaced).rejects.toThrow('the server is stopping');
});
