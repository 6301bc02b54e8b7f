import { expect, test } from 'vitest';
import { claimsOf, problemOf } from './provider-login.ts';

const provider = { issuer: 'https://idp', clientId: 'dash', scopes: ['openid'] };
const now = 1_800_000_000;
const good = { iss: 'https://idp', aud: ['other', 'dash'], iat: now - 5, exp: now + 300 };

test.each([
  ['nothing', {}, undefined],
  ['another audience', { aud: 'kubernetes' }, /meant for kubernetes, not for dash/],
  ['another issuer', { iss: 'https://evil' }, /is of https:\/\/evil/],
  ['an end in the past', { exp: now - 90 }, /ended 2 min ago: the clocks/],
  ['a beginning in the future', { iat: now + 600 }, /begins in 10 min: the clocks/],
])('%s is wrong with a token', (_, claims, words) => {
  const problem = problemOf({ ...good, ...claims }, provider, now * 1000);
  if (words) expect(problem).toMatch(words);
  else expect(problem).toBeUndefined();
});

test('claims are read from a JWT, and from nothing else', () => {
  const payload = Buffer.from(JSON.stringify({ sub: 'ä' })).toString('base64url');
  expect(claimsOf(`x.${payload}.y`)).toEqual({ sub: 'ä' });
  expect(claimsOf('opaque')).toEqual({});
});
