// Identity providers from a file: apiserver.config.k8s.io AuthenticationConfiguration (kubernetes.io/docs, "Authenticating").
// What would not act as it is written is refused with its place, so that no rule is believed to hold which does not.
import { readFile } from 'node:fs/promises';
import { checkTypes, fieldMessage } from '@berth/machinery';
import { parse } from 'yaml';
import { configurationSchema, type Jwt } from './authentication-schema.ts';
import { type Refuse, readJwt } from './jwt-authenticator.ts';
import { AuthenticationConfigurationError, type OidcProvider } from './provider.ts';

const versions = ['v1', 'v1beta1', 'v1alpha1'].map((version) => `apiserver.config.k8s.io/${version}`);
const providersMax = 64;

/** @throws AuthenticationConfigurationError */
export async function readAuthenticationFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: Error) => {
    throw new AuthenticationConfigurationError(`--authentication-config: ${error.message}`);
  });
}

/** @throws AuthenticationConfigurationError */
export function parseAuthenticationFile(file: string, content: string): OidcProvider[] {
  const refuse: Refuse = (place, problem) => new AuthenticationConfigurationError(`${file}: ${place} ${problem}`);
  let document: unknown;
  try {
    document = parse(content);
  } catch (error) {
    throw refuse('is not YAML:', error instanceof Error ? error.message : String(error));
  }
  const { value, errors, unknown } = checkTypes(configurationSchema, document);
  const [error] = errors;
  if (error) throw refuse(error.field, fieldMessage(error));
  if (unknown[0] !== undefined) throw refuse(unknown[0], 'is not a field of an AuthenticationConfiguration');
  if (value.kind !== 'AuthenticationConfiguration') throw refuse('kind', 'must be AuthenticationConfiguration');
  if (!versions.includes(String(value.apiVersion))) throw refuse('apiVersion', `must be one of ${versions.join(', ')}`);
  const { enabled } = (value.anonymous ?? {}) as { enabled?: boolean };
  if (enabled === false) throw refuse('anonymous.enabled', 'cannot be false: bind system:anonymous to no role instead');
  const providers = ((value.jwt ?? []) as Jwt[]).map((jwt, index) => readJwt(jwt, `jwt[${index}]`, refuse));
  if (providers.length > providersMax) throw refuse('jwt', `has more than ${providersMax} entries`);
  const repeated = repeatedIndex(providers.map(({ issuer }) => issuer));
  if (repeated >= 0) throw refuse(`jwt[${repeated}].issuer.url`, `names the issuer ${providers[repeated]?.issuer} a second time`);
  const again = repeatedIndex(providers.map(({ discoveryUrl }) => discoveryUrl));
  if (again >= 0) throw refuse(`jwt[${again}].issuer.discoveryURL`, `names ${providers[again]?.discoveryUrl} a second time`);
  return providers;
}

/** Of the first that stands there a second time, or -1. */
function repeatedIndex(values: (string | undefined)[]): number {
  return values.findIndex((value, index) => value !== undefined && values.indexOf(value) !== index);
}
