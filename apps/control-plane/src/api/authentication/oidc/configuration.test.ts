// What may stand in the options and the file that name identity providers, and what is said of all else.
import { expect, test } from 'vitest';
import { UsageError } from '../../../usage-error.ts';
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
  expect(parseProvider({ ...byMail, 'oidc-username-claim': 'sub', 'oidc-username-prefix': '-' })?.username.prefix).toBe('');
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
  [jwt(', userValidationRules: [{expression: "true"}]'), 'a.yaml: jwt[0].userValidationRules are expressions'],
  [jwt(', colour: red'), 'a.yaml: jwt[0].colour is not a field'],
  [jwt('', 'username: {expression: claims.sub}'), 'a.yaml: jwt[0].claimMappings.username.expression is not evaluated by Berth: use claim'],
  [jwt('', 'username: {claim: sub}'), 'a.yaml: jwt[0].claimMappings.username.prefix is required with claim'],
  [jwt('', 'groups: {claim: g, prefix: ""}'), 'a.yaml: jwt[0].claimMappings.username.claim is required'],
  [jwt().replace('audiences: [k]', 'audiences: []'), 'a.yaml: jwt[0].issuer.audiences must name at least one'],
  [jwt().replace('audiences: [k]', 'audiences: [k, l]'), 'a.yaml: jwt[0].issuer.audienceMatchPolicy must be MatchAny'],
  [jwt().replace(issuer, 'http://idp'), 'a.yaml: jwt[0].issuer.url must begin with https://'],
  [jwt().replace(/jwt: \[(.*)\]}$/, 'jwt: [$1, $1]}'), 'a.yaml: jwt[1].issuer.url names the issuer https://idp.example.com a second time'],
  [jwt().replace('jwt:', 'anonymous: {enabled: false}, jwt:'), 'a.yaml: anonymous.enabled cannot be false'],
])('a file is refused: %s', (content, message) => {
  expect(() => parseAuthenticationFile('a.yaml', content)).toThrow(message);
});
