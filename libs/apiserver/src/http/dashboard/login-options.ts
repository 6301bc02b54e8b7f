// Through which identity provider people log in to the dashboard: options beside those that say whose tokens the API takes.
import { readFile } from 'node:fs/promises';
import { UsageError } from '@berth/telemetry/command-line';
import { AuthenticationConfigurationError, issuerProblem } from '../../authentication/oidc/provider.ts';

export const loginOptions = {
  'dashboard-oidc-issuer-url': { type: 'string' },
  'dashboard-oidc-client-id': { type: 'string' },
  'dashboard-oidc-client-secret-file': { type: 'string' },
  'dashboard-oidc-scopes': { type: 'string' },
  'dashboard-oidc-ca-file': { type: 'string' },
} as const;

export const loginUsage = `  --dashboard-oidc-client-id ID log-in to the dashboard through an identity provider, as this client of it, with
                              https://ADDRESS/ui/ as its redirect address
  --dashboard-oidc-issuer-url URL (default: --oidc-issuer-url)
  --dashboard-oidc-client-secret-file FILE of clients that have one
  --dashboard-oidc-scopes NAMES comma-separated (default openid,email,profile)
  --dashboard-oidc-ca-file FILE who signed the provider's certificate (default: --oidc-ca-file)`;

type Values = { [Name in keyof typeof loginOptions | 'oidc-issuer-url' | 'oidc-ca-file']?: string };

export interface LoginConfig {
  issuer: string;
  clientId: string;
  scopes: string[];
  secretFile?: string;
  certificateAuthorityFile?: string;
}

/** Empty without a client. @throws UsageError */
export function parseLogin(values: Values): { dashboardLogin?: LoginConfig } {
  const clientId = values['dashboard-oidc-client-id'];
  if (!clientId) {
    const lone = (Object.keys(loginOptions) as (keyof typeof loginOptions)[]).find((name) => values[name] !== undefined);
    if (lone) throw new UsageError(`--${lone} means nothing without --dashboard-oidc-client-id: name the client that the dashboard is`);
    return {};
  }
  const issuer = values['dashboard-oidc-issuer-url'] ?? values['oidc-issuer-url'];
  if (!issuer)
    throw new UsageError('--dashboard-oidc-client-id needs --dashboard-oidc-issuer-url or --oidc-issuer-url: name the identity provider');
  const problem = issuerProblem(issuer);
  if (problem) throw new UsageError(`--dashboard-oidc-issuer-url: ${JSON.stringify(issuer)} ${problem}`);
  const scopes = (values['dashboard-oidc-scopes'] ?? 'openid,email,profile').split(',').map((scope) => scope.trim());
  if (!scopes.includes('openid'))
    throw new UsageError('--dashboard-oidc-scopes must have openid among them: without it there is no ID token');
  const [secretFile, caFile] = [values['dashboard-oidc-client-secret-file'], values['dashboard-oidc-ca-file'] ?? values['oidc-ca-file']];
  return {
    dashboardLogin: { issuer, clientId, scopes, ...(secretFile && { secretFile }), ...(caFile && { certificateAuthorityFile: caFile }) },
  };
}

/** @throws AuthenticationConfigurationError */
export async function readOption(option: string, file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: Error) => {
    throw new AuthenticationConfigurationError(`${option}: ${error.message}`);
  });
}
