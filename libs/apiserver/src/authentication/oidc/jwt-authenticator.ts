// One entry of `jwt` in an AuthenticationConfiguration, by the rules of kube-apiserver: which fields exclude each other, which
// are required, and that every expression compiles.
import type { Expression } from '../../cel/environment.ts';
import { ExpressionError } from '../../cel/expression-error.ts';
import type { Jwt, Mapping, Rule } from './authentication-schema.ts';
import { compileClaimRule, compileText, compileTexts, compileUserRule } from './claim-expressions.ts';
import { extraKeyProblem } from './extra-key.ts';
import {
  type AuthenticationConfigurationError,
  type ClaimMapping,
  type ExpressionMapping,
  type ExtraMapping,
  issuerProblem,
  type OidcProvider,
  signingAlgorithms,
  type ValidationRule,
} from './provider.ts';

/** Makes the error that names a place in the file. */
export type Refuse = (place: string, problem: string) => AuthenticationConfigurationError;

/** @throws AuthenticationConfigurationError */
export function readJwt(
  { issuer = {}, claimMappings = {}, claimValidationRules = [], userValidationRules = [] }: Jwt,
  place: string,
  refuse: Refuse,
): OidcProvider {
  const at = `${place}.claimMappings`;
  const provider = readIssuer(issuer, `${place}.issuer`, refuse);
  const { requiredClaims, claimRules } = readClaimRules(claimValidationRules, `${place}.claimValidationRules`, refuse);
  const username = readMapping(claimMappings.username, compileText, `${at}.username`, refuse);
  if (!username) throw refuse(`${at}.username`, 'needs claim or expression: say what the name of the user is, such as claim sub');
  const groups = readMapping(claimMappings.groups, compileTexts, `${at}.groups`, refuse);
  const uid = readMapping(claimMappings.uid, compileText, `${at}.uid`, refuse, false);
  const extra = readExtra(claimMappings.extra ?? [], `${at}.extra`, refuse);
  const userRules = readUserRules(userValidationRules, `${place}.userValidationRules`, refuse);
  checkEmail(username, [...extra, ...claimRules], `${at}.username.expression`, refuse);
  return {
    ...provider,
    username,
    ...(groups && { groups }),
    ...(uid && { uid }),
    ...(extra.length > 0 && { extra }),
    requiredClaims,
    ...(claimRules.length > 0 && { claimRules }),
    ...(userRules.length > 0 && { userRules }),
  };
}

function readIssuer(issuer: NonNullable<Jwt['issuer']>, place: string, refuse: Refuse) {
  const { url = '', discoveryURL, certificateAuthority, audiences = [], audienceMatchPolicy = '' } = issuer;
  const problem = issuerProblem(url) ?? (discoveryURL && issuerProblem(discoveryURL));
  if (problem) throw refuse(`${place}.${issuerProblem(url) ? 'url' : 'discoveryURL'}`, problem);
  const bare = (address: string) => address.replace(/\/+$/, '');
  if (discoveryURL && bare(discoveryURL) === bare(url)) throw refuse(`${place}.discoveryURL`, 'must be different from url');
  if (audiences.length === 0) throw refuse(`${place}.audiences`, 'must name at least one audience');
  for (const [index, audience] of audiences.entries()) {
    if (audience === '') throw refuse(`${place}.audiences[${index}]`, 'must not be empty');
    if (audiences.indexOf(audience) !== index) throw refuse(`${place}.audiences[${index}]`, `names ${audience} a second time`);
  }
  if (audiences.length > 1 && audienceMatchPolicy !== 'MatchAny')
    throw refuse(`${place}.audienceMatchPolicy`, 'must be MatchAny for several audiences');
  if (!['', 'MatchAny'].includes(audienceMatchPolicy)) throw refuse(`${place}.audienceMatchPolicy`, 'must be MatchAny or empty');
  if (certificateAuthority && !certificateAuthority.includes('-----BEGIN CERTIFICATE-----'))
    throw refuse(`${place}.certificateAuthority`, 'must be a certificate in PEM');
  return {
    issuer: url,
    ...(discoveryURL && { discoveryUrl: discoveryURL }),
    ...(certificateAuthority && { certificateAuthority }),
    audiences,
    algorithms: signingAlgorithms,
  };
}

function readMapping(
  { claim, prefix, expression }: Mapping = {},
  compile: (source: string) => Expression,
  place: string,
  refuse: Refuse,
  hasPrefix = true,
): ClaimMapping | ExpressionMapping | undefined {
  if (claim && expression) throw refuse(place, 'has both claim and expression: use one');
  if (expression) {
    if (prefix !== undefined) throw refuse(`${place}.prefix`, 'may not be specified when expression is set: put it into the expression');
    return { expression: compiled(expression, compile, `${place}.expression`, refuse) };
  }
  if (!claim) return undefined;
  // Names of different providers must not meet unnoticed: that there is no prefix is said, not left out.
  if (prefix === undefined && hasPrefix) throw refuse(`${place}.prefix`, 'is required with claim; "" is none');
  return { claim, prefix: prefix ?? '' };
}

function readExtra(extra: { key?: string; valueExpression?: string }[], place: string, refuse: Refuse): ExtraMapping[] {
  const keys = extra.map(({ key = '' }) => key);
  return extra.map(({ key = '', valueExpression }, index) => {
    const at = `${place}[${index}]`;
    const problem = extraKeyProblem(key) ?? (keys.indexOf(key) === index ? undefined : 'stands there a second time');
    if (problem) throw refuse(`${at}.key`, `${JSON.stringify(key)} ${problem}`);
    if (!valueExpression) throw refuse(`${at}.valueExpression`, 'is required');
    return { key, expression: compiled(valueExpression, compileTexts, `${at}.valueExpression`, refuse) };
  });
}

function readClaimRules(rules: Rule[], place: string, refuse: Refuse) {
  const requiredClaims: Record<string, string> = {};
  const claimRules: ValidationRule[] = [];
  for (const [index, { claim, requiredValue, expression, message }] of rules.entries()) {
    const at = `${place}[${index}]`;
    if (claim && expression) throw refuse(at, 'has both claim and expression: use one');
    if (!claim && !expression) throw refuse(at, 'needs claim or expression');
    if (claim) {
      if (message) throw refuse(`${at}.message`, 'may not be specified when claim is set');
      if (Object.hasOwn(requiredClaims, claim)) throw refuse(`${at}.claim`, `names ${claim} a second time`);
      requiredClaims[claim] = requiredValue ?? '';
    } else if (requiredValue) throw refuse(`${at}.requiredValue`, 'may not be specified when expression is set');
    else claimRules.push(readRule({ expression, message }, claimRules, compileClaimRule, at, refuse));
  }
  return { requiredClaims, claimRules };
}

function readUserRules(rules: Rule[], place: string, refuse: Refuse): ValidationRule[] {
  const read: ValidationRule[] = [];
  for (const [index, rule] of rules.entries()) read.push(readRule(rule, read, compileUserRule, `${place}[${index}]`, refuse));
  return read;
}

function readRule(
  { expression, message = '' }: { expression?: string | undefined; message?: string | undefined },
  before: ValidationRule[],
  compile: (source: string) => Expression,
  place: string,
  refuse: Refuse,
): ValidationRule {
  const at = `${place}.expression`;
  if (!expression) throw refuse(at, 'is required');
  if (before.some((rule) => rule.expression.source === expression)) throw refuse(at, 'stands there a second time');
  return { expression: compiled(expression, compile, at, refuse), message };
}

/** Who makes names of mail addresses says whether they must have been verified. */
function checkEmail(username: ClaimMapping | ExpressionMapping, others: ExpressionMapping[], place: string, refuse: Refuse): void {
  if (!('expression' in username) || !username.expression.uses('claims', 'email')) return;
  if ([username, ...others].some(({ expression }) => expression.uses('claims', 'email_verified'))) return;
  const places = 'claimMappings.username.expression, claimMappings.extra[*].valueExpression or claimValidationRules[*].expression';
  throw refuse(place, `uses claims.email: use claims.email_verified too, in ${places}`);
}

function compiled(source: string, compile: (source: string) => Expression, place: string, refuse: Refuse): Expression {
  try {
    return compile(source);
  } catch (error) {
    if (error instanceof ExpressionError) throw refuse(place, `cannot be used: ${error.message}`);
    throw error;
  }
}
