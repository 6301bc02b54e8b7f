// Whom a configuration with expressions makes of which claims, and whom it makes nobody.
import { expect, test } from 'vitest';
import { TokenError } from '../bearer-token.ts';
import { parseAuthenticationFile } from './authentication-file.ts';
import { userOf } from './claims-to-user.ts';

function provider(mappings: string, rules = '') {
  const jwt = `{issuer: {url: "https://idp.example.com", audiences: [k]}, claimMappings: {${mappings}}${rules}}`;
  const content = `{apiVersion: apiserver.config.k8s.io/v1, kind: AuthenticationConfiguration, jwt: [${jwt}]}`;
  const [read] = parseAuthenticationFile('a.yaml', content);
  if (!read) throw new Error('the file names no provider');
  return read;
}

const sub = 'username: {expression: claims.sub}';
const claims = { sub: 'ann', roles: 'dev,ops', groups: ['a', '', 'b'], tenant: { name: 't1' }, level: 3, empty: '', nothing: null };

test('every attribute may be an expression', () => {
  const all = provider(
    `username: {expression: "claims.sub + ':external'"}, groups: {expression: "claims.roles.split(',')"}, uid: {expression: "claims.sub"},
     extra: [{key: example.com/tenant, valueExpression: claims.tenant.name}, {key: example.com/groups, valueExpression: claims.groups},
             {key: example.com/none, valueExpression: claims.empty}, {key: example.com/null, valueExpression: claims.nothing}]`,
    `, claimValidationRules: [{expression: "claims.level > 2"}], userValidationRules: [{expression: "!user.username.startsWith('system:')"}]`,
  );
  expect(userOf(claims, all)).toEqual({
    ...{ name: 'ann:external', groups: ['dev', 'ops'], uid: 'ann' },
    extra: { 'example.com/tenant': ['t1'], 'example.com/groups': ['a', 'b'] },
  });
});

test.each<[string, string[]]>([
  ["'one'", ['one']],
  ["''", []],
  ['null', []],
  ['[]', []],
  ['claims.groups', ['a', 'b']],
  ["claims.?absent.orValue('none')", ['none']],
  ['claims.?absent.orValue([])', []],
  ['claims.nothing', []],
])('groups by %s', (expression, groups) => {
  expect(userOf(claims, provider(`${sub}, groups: {expression: "${expression}"}`))).toEqual({ name: 'ann', groups });
});

test('an empty uid is none', () => {
  expect(userOf(claims, provider(`${sub}, uid: {expression: claims.empty}`))).toEqual({ name: 'ann', groups: [] });
});

test('rules see all fields of the user, whichever it has', () => {
  const rule = `user.uid == '' && user.groups.all(g, g != 'x') && size(user.extra) == 0`;
  expect(userOf(claims, provider(sub, `, userValidationRules: [{expression: "${rule}"}]`)).name).toBe('ann');
});

test.each<[string, string, string]>([
  ['username: {expression: claims.absent}', '', 'username: No such key: absent'],
  ['username: {expression: claims.empty}', '', 'username: the expression evaluates to an empty string'],
  ['username: {expression: claims.nothing}', '', 'username: the expression does not evaluate to a string'],
  ['username: {expression: claims.level}', '', 'username: the expression does not evaluate to a string'],
  [`${sub}, uid: {expression: claims.nothing}`, '', 'uid: the expression does not evaluate to a string'],
  [`${sub}, groups: {expression: claims.tenant}`, '', 'groups: the expression does not evaluate to a string or a list of strings'],
  [`${sub}, groups: {expression: "[claims.level]"}`, '', 'groups: the expression does not evaluate to a string or a list of strings'],
  [`${sub}, extra: [{key: a.io/x, valueExpression: claims.level}]`, '', 'extra a.io/x: the expression does not evaluate'],
  [sub, `, claimValidationRules: [{expression: "claims.level > 3", message: too low}]`, '"claims.level > 3" does not hold: too low'],
  [sub, `, claimValidationRules: [{expression: "claims.absent == 1"}]`, 'claimValidationRules: No such key: absent'],
  [sub, `, userValidationRules: [{expression: "user.username != 'ann'"}]`, `userValidationRules: "user.username != 'ann'" does not hold`],
  [sub, `, userValidationRules: [{expression: "user.extra['a.io/x'][0] == 'y'"}]`, 'userValidationRules: No such key: a.io/x'],
])('nobody: %s%s', (mappings, rules, message) => {
  const read = provider(mappings, rules);
  expect(() => userOf(claims, read)).toThrow(TokenError);
  expect(() => userOf(claims, read)).toThrow(message);
});

test('claims that take too much make nobody, and all expressions of a token share what they may take', () => {
  const list = Array.from({ length: 2_000 }, (_, index) => `${index}`);
  const nested = "claims.list.exists(a, claims.list.exists(b, a + b == 'x'))";
  const one = provider(sub, `, claimValidationRules: [{expression: "${nested} || true"}]`);
  expect(() => userOf({ sub: 'ann', list }, one)).toThrow('the expression takes too much');
  const all = (count: number) =>
    provider(
      sub,
      `, claimValidationRules: [${Array.from({ length: count }, (_, at) => `{expression: "claims.list.all(a, a != 'x${at}')"}`)}]`,
    );
  expect(userOf({ sub: 'ann', list }, all(3)).name).toBe('ann');
  expect(() => userOf({ sub: 'ann', list }, all(60))).toThrow('the expression takes too much');
});

test('claims of any form are no matter where they are mapped by name', () => {
  const deep = JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) as unknown;
  expect(userOf({ sub: 'ann', deep }, provider('username: {claim: sub, prefix: ""}'))).toEqual({ name: 'ann', groups: [] });
  expect(() => userOf({ sub: 'ann', deep }, provider(sub))).toThrow('more than 100 levels');
});
