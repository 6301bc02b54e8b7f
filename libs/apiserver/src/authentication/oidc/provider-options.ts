// One identity provider by command line, as kube-apiserver's --oidc-… options describe it.
import { readFile } from 'node:fs/promises';
import { UsageError } from '@berth/telemetry/command-line';
import {
  AuthenticationConfigurationError,
  issuerProblem,
  type OidcProvider,
  type SigningAlgorithm,
  signingAlgorithms,
} from './provider.ts';

export const providerOptions = {
  'oidc-issuer-url': { type: 'string' },
  'oidc-client-id': { type: 'string' },
  'oidc-username-claim': { type: 'string' },
  'oidc-username-prefix': { type: 'string' },
  'oidc-groups-claim': { type: 'string' },
  'oidc-groups-prefix': { type: 'string' },
  'oidc-required-claim': { type: 'string', multiple: true },
  'oidc-signing-algs': { type: 'string' },
  'oidc-ca-file': { type: 'string' },
} as const;

export const providerUsage = `  --oidc-issuer-url URL       takes tokens of this identity provider; with --oidc-client-id
  --oidc-client-id ID         whom its tokens must be meant for
  --oidc-username-claim CLAIM default sub
  --oidc-username-prefix TEXT default URL#, none for the claim email; - for none
  --oidc-groups-claim CLAIM   a text or a list of them (default: no groups)
  --oidc-groups-prefix TEXT
  --oidc-required-claim K=V   may be repeated
  --oidc-signing-algs NAMES   comma-separated (default RS256)
  --oidc-ca-file FILE         who signed the provider's certificate (default: whom the system trusts)`;

type Values = { [Name in keyof typeof providerOptions]?: (typeof providerOptions)[Name] extends { multiple: true } ? string[] : string };

/** A provider whose authority is still a file's name. */
export type ConfiguredProvider = Omit<OidcProvider, 'certificateAuthority'> & { certificateAuthorityFile?: string };

/** Undefined when no provider is named. @throws UsageError */
export function parseProvider(values: Values): ConfiguredProvider | undefined {
  const issuer = values['oidc-issuer-url'];
  const clientId = values['oidc-client-id'];
  if (issuer === undefined) {
    const lone = (Object.keys(providerOptions) as (keyof typeof providerOptions)[]).find((name) => values[name] !== undefined);
    if (lone) throw new UsageError(`--${lone} means nothing without --oidc-issuer-url: name the identity provider`);
    return undefined;
  }
  const problem = issuerProblem(issuer);
  if (problem) throw new UsageError(`--oidc-issuer-url: ${JSON.stringify(issuer)} ${problem}`);
  if (!clientId) throw new UsageError('--oidc-client-id is required with --oidc-issuer-url: say whom tokens must be meant for');
  const username = values['oidc-username-claim'] ?? 'sub';
  const groups = values['oidc-groups-claim'];
  if (!groups && values['oidc-groups-prefix'] !== undefined) throw new UsageError('--oidc-groups-prefix needs --oidc-groups-claim');
  return {
    issuer,
    audiences: [clientId],
    algorithms: parseAlgorithms(values['oidc-signing-algs']),
    username: { claim: username, prefix: usernamePrefix(values['oidc-username-prefix'], username, issuer) },
    ...(groups && { groups: { claim: groups, prefix: values['oidc-groups-prefix'] ?? '' } }),
    requiredClaims: parseRequired(values['oidc-required-claim'] ?? []),
    ...(values['oidc-ca-file'] && { certificateAuthorityFile: values['oidc-ca-file'] }),
  };
}

/** As kube-apiserver: names of different providers must not meet, and mail addresses cannot. */
function usernamePrefix(given: string | undefined, claim: string, issuer: string): string {
  if (given === '-') return '';
  if (given) return given;
  return claim === 'email' ? '' : `${issuer}#`;
}

function parseAlgorithms(text = 'RS256'): SigningAlgorithm[] {
  return text.split(',').map((name) => {
    const found = signingAlgorithms.find((known) => known === name.trim());
    if (!found) throw new UsageError(`--oidc-signing-algs: ${JSON.stringify(name)} is not one of ${signingAlgorithms.join(', ')}`);
    return found;
  });
}

function parseRequired(pairs: string[]): Record<string, string> {
  const entries = pairs.map((pair): [string, string] => {
    const mark = pair.indexOf('=');
    if (mark < 1) throw new UsageError(`--oidc-required-claim: ${JSON.stringify(pair)} is not CLAIM=VALUE`);
    return [pair.slice(0, mark), pair.slice(mark + 1)];
  });
  return Object.fromEntries(entries);
}

/** @throws AuthenticationConfigurationError */
export async function withAuthority({ certificateAuthorityFile: file, ...provider }: ConfiguredProvider): Promise<OidcProvider> {
  if (file === undefined) return provider;
  const pem = await readFile(file, 'utf8').catch((error: Error) => {
    throw new AuthenticationConfigurationError(`--oidc-ca-file: ${error.message}`);
  });
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw new AuthenticationConfigurationError(`--oidc-ca-file: ${file} holds no certificate`);
  return { ...provider, certificateAuthority: pem };
}
