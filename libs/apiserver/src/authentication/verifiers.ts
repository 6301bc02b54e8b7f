// Every kind of bearer token that this server knows, in the order in which they are asked.
import type { Client, Tokens } from '@berth/client';
import type { SigningKeys } from '@berth/pki';
import type { Clock } from '@berth/telemetry';
import { AccessTokenVerifier } from './access-token.ts';
import type { TokenVerifier } from './bearer-token.ts';
import { BootstrapTokenVerifier } from './bootstrap-token.ts';
import { AccountTokenVerifier } from './service-accounts/token-verifier.ts';

export interface VerifierOptions {
  accountKeys: SigningKeys;
  serviceAccountIssuers: string[];
  apiAudiences: string[];
  /** Reads accounts, pods, secrets and nodes. */
  client: Client;
  tokens: Tokens;
  clock: Clock;
}

export function createVerifiers(options: VerifierOptions): TokenVerifier[] {
  const { accountKeys, serviceAccountIssuers, apiAudiences, client, tokens, clock } = options;
  return [
    new AccountTokenVerifier({ keys: accountKeys, issuers: serviceAccountIssuers, apiAudiences, client, clock }),
    new BootstrapTokenVerifier(client, clock, apiAudiences),
    new AccessTokenVerifier(tokens, apiAudiences),
  ];
}
