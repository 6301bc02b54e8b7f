// What may stand in the options and the file that name identity providers, and what is said of all else.

import { UsageError } from '@berth/telemetry/command-line';
import { expect, test } from 'vitest';
import { parseAuthenticationFile } from './authentication-file.ts';
import { parseProvider } from './provider-options.ts';

const issuer = 'https://idp.example.com';

test('options fill in what kube-apiserver does', () => {
  expect(parseProvider({})).toBeUndefined();
  expect(parseProvider({ 'oidc-issuer-url': issuer, 'oidc-client-id': 'k' })).toEqual({
    ...{ issuer, audiences: ['k'], algorithms: ['RS256'], username: { claim: 'sub', prefix: `${issuer}#` }, requiredClaims: {} },
  });
  const byMail = { 'oidc-issuer-url': issuer, 'oidc-client-id': 'k', 'oidc-username-claim': 'email' };
  expect(parseProvider(byMail)?.username).toEqual({ claim: 'email', prefix: '' });
  expect(parseProvider({ ...byMail, 'oidc-username-claim': 'sub', 'oidc-username-prefix': '-' })?.username).toEqual({
    claim: 'sub',
    prefix: '',
  });
  expect(parseProvider({ ...byMail, 'oidc-required-claim': ['hd=a=b', 'x='] })?.requiredClaims).toEqual({ hd: 'a=b', x: '' });
});

test.each([
  [{ 'oidc-client-id': 'k' }, '--oidc-client-id means nothing without --oidc-issuer-url'],
  [{ 'oidc-issuer-url': issuer }, '--oidc-client-id is required'],
  [{ 'oidc-issuer-url': 'http://a', 'oidc-client-id': 'k' }, '--oidc-issuer-url: "http://a" must begin with https://'],
  [{ 'oidc-issuer-url': issuer, 'oidc-client-id': 'k', 'oidc-signing-algs': 'HS256' }, '--oidc-signing-algs: "HS256" is not one of RS256'],
  [{ 'oidc-issuer-url': issuer, 'oidc-client-id': 'k', 'oidc-required-claim': ['hd'] }, '--oidc-required-claim: "hd" is not CLAIM=VALUE'],
  [{ 'oidc-issuer-url': issuer, 'oidc-client-id': 'k', 'oidc-groups-prefix': 'x' }, '--oidc-groups-prefix needs --oidc-groups-claim'],
])('options are refused: %o', (options, message) => {
  expect(() => parseProvider(options)).toThrow(UsageError);
  expect(() => parseProvider(options)).toThrow(message);
});

const jwt = (change = '', mappings = 'username: {claim: sub, prefix: ""}') =>
  `{apiVersion: apiserver.config.k8s.io/v1, kind: AuthenticationConfiguration, jwt: [{issuer: {url: "${issuer}", audiences: [k]}, claimMappings: {${mappings}}${change}}]}`;

test('a file may name several providers', () => {
  const [first] = parseAuthenticationFile('a.yaml', jwt());
  expect(first).toMatchObject({ issuer, audiences: ['k'], username: { claim: 'sub', prefix: '' }, requiredClaims: {} });
  expect(parseAuthenticationFile('a.yaml', '{apiVersion: apiserver.config.k8s.io/v1beta1, kind: AuthenticationConfiguration}')).toEqual([]);
});

test.each([
  ['kind: Other', 'a.yaml: kind must be AuthenticationConfiguration'],
  ['a: [', 'a.yaml: is not YAML:'],
  [jwt(', colour: red'), 'a.yaml: jwt[0].colour is not a field'],
  [jwt('', 'username: {claim: sub}'), 'a.yaml: jwt[0].claimMappings.username.prefix is required with claim'],
  [jwt('', 'groups: {claim: g, prefix: ""}'), 'a.yaml: jwt[0].claimMappings.username needs claim or expression'],
  [jwt().replace('audiences: [k]', 'audiences: []'), 'a.yaml: jwt[0].issuer.audiences must name at least one'],
  [jwt().replace('audiences: [k]', 'audiences: [k, l]'), 'a.yaml: jwt[0].issuer.audienceMatchPolicy must be MatchAny'],
  [jwt().replace(issuer, 'http://idp'), 'a.yaml: jwt[0].issuer.url must begin with https://'],
  [
    jwt().replace('audiences: [k]', 'audiences: [k, k], audienceMatchPolicy: MatchAny'),
    'a.yaml: jwt[0].issuer.audiences[1] names k a second time',
  ],
  [jwt().replace('audiences: [k]', `audiences: [k], discoveryURL: "${issuer}/"`), 'a.yaml: jwt[0].issuer.discoveryURL must be different'],
  [jwt().replace(/jwt: \[(.*)\]}$/, 'jwt: [$1, $1]}'), 'a.yaml: jwt[1].issuer.url names the issuer https://idp.example.com a second time'],
  [jwt().replace('jwt:', 'anonymous: {enabled: false}, jwt:'), 'a.yaml: anonymous.enabled cannot be false'],
])('a file is refused: %s', (content, message) => {
  expect(() => parseAuthenticationFile('a.yaml', content)).toThrow(message);
});

const sub = 'username: {claim: sub, prefix: ""}';
const rule = (text: string) => jwt(`, claimValidationRules: [${text}]`);
const userRule = (text: string) => jwt(`, userValidationRules: [${text}]`);
const at = 'a.yaml: jwt[0]';

test.each([
  [jwt('', 'username: {expression: "claims."}'), `${at}.claimMappings.username.expression cannot be used: Expected IDENTIFIER`],
  [jwt('', 'username: {expression: "claims.sub", claim: sub}'), `${at}.claimMappings.username has both claim and expression`],
  [jwt('', 'username: {expression: "claims.sub", prefix: ""}'), `${at}.claimMappings.username.prefix may not be specified`],
  [
    jwt('', 'username: {expression: "claims.sub == \'a\'"}'),
    `${at}.claimMappings.username.expression cannot be used: it must evaluate to a string`,
  ],
  [jwt('', 'username: {expression: "user.username"}'), `${at}.claimMappings.username.expression cannot be used: Unknown variable: user`],
  [
    jwt('', 'username: {expression: "claims.email"}'),
    `${at}.claimMappings.username.expression uses claims.email: use claims.email_verified`,
  ],
  [jwt('', 'username: {expression: "claims.?email.orValue(\'\')"}'), `${at}.claimMappings.username.expression uses claims.email`],
  [
    jwt('', `${sub}, groups: {expression: "1"}`),
    `${at}.claimMappings.groups.expression cannot be used: it must evaluate to a string or a list`,
  ],
  [jwt('', `${sub}, groups: {expression: "claims.?roles"}`), `${at}.claimMappings.groups.expression cannot be used: it must evaluate`],
  [jwt('', `${sub}, uid: {expression: "['a']"}`), `${at}.claimMappings.uid.expression cannot be used: it must evaluate to a string`],
  [jwt('', `${sub}, uid: {claim: sub, prefix: x}`), `${at}.claimMappings.uid.prefix is not a field`],
  [
    jwt('', `${sub}, extra: [{key: tenant, valueExpression: claims.t}]`),
    `${at}.claimMappings.extra[0].key "tenant" must be a domain-prefixed path`,
  ],
  [jwt('', `${sub}, extra: [{key: a.io/T, valueExpression: claims.t}]`), `${at}.claimMappings.extra[0].key "a.io/T" must be lowercase`],
  [jwt('', `${sub}, extra: [{key: x.k8s.io/t, valueExpression: claims.t}]`), `${at}.claimMappings.extra[0].key "x.k8s.io/t" is in k8s.io`],
  [
    jwt('', `${sub}, extra: [{key: kubernetes.io/t, valueExpression: claims.t}]`),
    `${at}.claimMappings.extra[0].key "kubernetes.io/t" is in`,
  ],
  [jwt('', `${sub}, extra: [{key: a.io/t}]`), `${at}.claimMappings.extra[0].valueExpression is required`],
  [
    jwt('', `${sub}, extra: [{key: a.io/t, valueExpression: claims.t}, {key: a.io/t, valueExpression: claims.t}]`),
    `${at}.claimMappings.extra[1].key "a.io/t" stands there a second time`,
  ],
  [rule('{}'), `${at}.claimValidationRules[0] needs claim or expression`],
  [rule('{claim: a, expression: "true"}'), `${at}.claimValidationRules[0] has both claim and expression`],
  [rule('{claim: a, message: b}'), `${at}.claimValidationRules[0].message may not be specified when claim is set`],
  [
    rule('{expression: "true", requiredValue: b}'),
    `${at}.claimValidationRules[0].requiredValue may not be specified when expression is set`,
  ],
  [rule('{claim: a}, {claim: a}'), `${at}.claimValidationRules[1].claim names a a second time`],
  [rule('{expression: "true"}, {expression: "true"}'), `${at}.claimValidationRules[1].expression stands there a second time`],
  [rule('{expression: "claims.hd"}'), `${at}.claimValidationRules[0].expression cannot be used: it must evaluate to true or false`],
  [rule('{expression: "claims.exp - claims.iat"}'), `${at}.claimValidationRules[0].expression cannot be used: it must evaluate`],
  [userRule('{message: a}'), `${at}.userValidationRules[0].expression is required`],
  [userRule('{claim: a}'), `${at}.userValidationRules[0].claim is not a field`],
  [userRule('{expression: "claims.sub != \'\'"}'), `${at}.userValidationRules[0].expression cannot be used: Unknown variable: claims`],
  [userRule('{expression: "user.nickname != \'\'"}'), `${at}.userValidationRules[0].expression cannot be used: No such key: nickname`],
  [userRule('{expression: "true"}, {expression: "true"}'), `${at}.userValidationRules[1].expression stands there a second time`],
  [userRule(`{expression: "${'x'.repeat(10_001)}"}`), `${at}.userValidationRules[0].expression cannot be used: is longer than`],
])('expressions are refused: %s', (content, message) => {
  expect(() => parseAuthenticationFile('a.yaml', content)).toThrow(message);
});

test.each([
  'username: {expression: "claims.email"}, extra: [{key: a.io/v, valueExpression: "string(claims.email_verified)"}]',
  'username: {expression: "claims.?email_verified.orValue(true) == true ? claims.email : claims.sub"}',
])('mail addresses may be names once it is said whether they must be verified: %s', (mappings) => {
  expect(parseAuthenticationFile('a.yaml', jwt('', mappings))).toHaveLength(1);
});
