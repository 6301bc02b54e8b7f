// Identity providers from a file: apiserver.config.k8s.io AuthenticationConfiguration (kubernetes.io/docs, "Authenticating"), as
// far as it maps claims by name. Expressions are refused by name, so that no rule is believed to hold which does not.
import { readFile } from 'node:fs/promises';
import { checkTypes, fieldMessage, SchemaRegistry } from '@berth/machinery';
import { parse } from 'yaml';
import { AuthenticationConfigurationError, issuerProblem, type OidcProvider, signingAlgorithms } from './provider.ts';

const versions = ['v1', 'v1beta1', 'v1alpha1'].map((version) => `apiserver.config.k8s.io/${version}`);
const providersMax = 64;

const text = (name: string) => ({ name, type: 'string' });
const mapping = [text('claim'), text('prefix'), text('expression')];
const schemas = new SchemaRegistry();
schemas.add('authentication', {
  Configuration: {
    fields: [
      text('apiVersion'),
      text('kind'),
      { name: 'jwt', type: '[]authentication.Jwt' },
      { name: 'anonymous', type: 'authentication.Anonymous' },
    ],
  },
  Anonymous: { fields: [{ name: 'enabled', type: 'bool' }] },
  Jwt: {
    fields: [
      { name: 'issuer', type: 'authentication.Issuer' },
      { name: 'claimMappings', type: 'authentication.Mappings' },
      { name: 'claimValidationRules', type: '[]authentication.Rule' },
      { name: 'userValidationRules', type: '[]authentication.Rule' },
    ],
  },
  Issuer: {
    fields: [
      text('url'),
      text('discoveryURL'),
      text('certificateAuthority'),
      { name: 'audiences', type: '[]string' },
      text('audienceMatchPolicy'),
    ],
  },
  Mappings: {
    fields: [
      { name: 'username', type: 'authentication.Mapping' },
      { name: 'groups', type: 'authentication.Mapping' },
      { name: 'uid', type: 'authentication.Mapping' },
      { name: 'extra', type: '[]authentication.Extra' },
    ],
  },
  Mapping: { fields: mapping },
  Extra: { fields: [text('key'), text('valueExpression')] },
  Rule: { fields: [text('claim'), text('requiredValue'), text('expression'), text('message')] },
});
const configuration = schemas.message('authentication.Configuration');

interface Mapping {
  claim?: string;
  prefix?: string;
  expression?: string;
}

interface Jwt {
  issuer?: { url?: string; discoveryURL?: string; certificateAuthority?: string; audiences?: string[]; audienceMatchPolicy?: string };
  claimMappings?: { username?: Mapping; groups?: Mapping; uid?: Mapping; extra?: unknown[] };
  claimValidationRules?: { claim?: string; requiredValue?: string; expression?: string }[];
  userValidationRules?: unknown[];
}

type Refuse = (place: string, problem: string) => AuthenticationConfigurationError;

/** @throws AuthenticationConfigurationError */
export async function readAuthenticationFile(file: string): Promise<OidcProvider[]> {
  const content = await readFile(file, 'utf8').catch((error: Error) => {
    throw new AuthenticationConfigurationError(`--authentication-config: ${error.message}`);
  });
  return parseAuthenticationFile(file, content);
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
  const { value, errors, unknown } = checkTypes(configuration, document);
  const [error] = errors;
  if (error) throw refuse(error.field, fieldMessage(error));
  if (unknown[0] !== undefined) throw refuse(unknown[0], 'is not a field of an AuthenticationConfiguration');
  if (value.kind !== 'AuthenticationConfiguration') throw refuse('kind', 'must be AuthenticationConfiguration');
  if (!versions.includes(String(value.apiVersion))) throw refuse('apiVersion', `must be one of ${versions.join(', ')}`);
  const { enabled } = (value.anonymous ?? {}) as { enabled?: boolean };
  if (enabled === false) throw refuse('anonymous.enabled', 'cannot be false: bind system:anonymous to no role instead');
  const providers = ((value.jwt ?? []) as Jwt[]).map((jwt, index) => readJwt(jwt, `jwt[${index}]`, refuse));
  if (providers.length > providersMax) throw refuse('jwt', `has more than ${providersMax} entries`);
  const issuers = providers.map(({ issuer }) => issuer);
  const repeated = issuers.findIndex((issuer, index) => issuers.indexOf(issuer) !== index);
  if (repeated >= 0) throw refuse(`jwt[${repeated}].issuer.url`, `names the issuer ${issuers[repeated]} a second time`);
  return providers;
}

function readJwt(
  { issuer = {}, claimMappings = {}, claimValidationRules = [], userValidationRules }: Jwt,
  place: string,
  refuse: Refuse,
): OidcProvider {
  const { url = '', discoveryURL, certificateAuthority, audiences = [], audienceMatchPolicy } = issuer;
  const problem = issuerProblem(url) ?? (discoveryURL && issuerProblem(discoveryURL));
  if (problem) throw refuse(`${place}.issuer.${issuerProblem(url) ? 'url' : 'discoveryURL'}`, problem);
  if (audiences.length === 0) throw refuse(`${place}.issuer.audiences`, 'must name at least one audience');
  if (audiences.length > 1 && audienceMatchPolicy !== 'MatchAny')
    throw refuse(`${place}.issuer.audienceMatchPolicy`, 'must be MatchAny for several audiences');
  if (certificateAuthority && !certificateAuthority.includes('-----BEGIN CERTIFICATE-----'))
    throw refuse(`${place}.issuer.certificateAuthority`, 'must be a certificate in PEM');
  if (userValidationRules?.length)
    throw refuse(`${place}.userValidationRules`, 'are expressions, which Berth does not evaluate: remove them');
  if (claimMappings.extra?.length)
    throw refuse(`${place}.claimMappings.extra`, 'are expressions, which Berth does not evaluate: remove them');
  const at = `${place}.claimMappings`;
  const username = readMapping(claimMappings.username, `${at}.username`, refuse);
  if (!username) throw refuse(`${at}.username.claim`, 'is required: say which claim is the name of the user, such as sub');
  const groups = readMapping(claimMappings.groups, `${at}.groups`, refuse);
  const uid = readMapping({ ...claimMappings.uid, prefix: '' }, `${at}.uid`, refuse);
  return {
    issuer: url,
    ...(discoveryURL && { discoveryUrl: discoveryURL }),
    ...(certificateAuthority && { certificateAuthority }),
    audiences,
    algorithms: signingAlgorithms,
    username,
    ...(groups && { groups }),
    ...(uid && { uidClaim: uid.claim }),
    requiredClaims: Object.fromEntries(
      claimValidationRules.map((rule, index) => readRule(rule, `${place}.claimValidationRules[${index}]`, refuse)),
    ),
  };
}

function readMapping(mapping: Mapping | undefined, place: string, refuse: Refuse): { claim: string; prefix: string } | undefined {
  if (mapping?.expression) throw refuse(`${place}.expression`, 'is not evaluated by Berth: use claim');
  if (!mapping?.claim) return undefined;
  // Names of different providers must not meet unnoticed: that there is no prefix is said, not left out.
  if (mapping.prefix === undefined) throw refuse(`${place}.prefix`, 'is required with claim; "" is none');
  return { claim: mapping.claim, prefix: mapping.prefix };
}

function readRule(
  { claim, requiredValue = '', expression }: { claim?: string; requiredValue?: string; expression?: string },
  place: string,
  refuse: Refuse,
): [string, string] {
  if (expression) throw refuse(`${place}.expression`, 'is not evaluated by Berth: use claim and requiredValue');
  if (!claim) throw refuse(`${place}.claim`, 'is required');
  return [claim, requiredValue];
}
