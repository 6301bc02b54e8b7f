// Tokens that go on with a list: what this server made comes back as it was, whatever else is sent is refused in Kubernetes' words.
import { expect, test } from 'vitest';
import { decodeContinue, encodeContinue } from './continue-token.ts';

test('a token comes back as it was', () => {
  const token = { revision: 7, start: 'default/web\0' };
  expect(decodeContinue(encodeContinue(token))).toEqual(token);
});

test.each([
  [[1], 'json: cannot unmarshal array into Go value of type storage.continueToken'],
  ['x', 'json: cannot unmarshal string into Go value of type storage.continueToken'],
  [{ v: 7 }, 'json: cannot unmarshal number into Go struct field continueToken.v of type string'],
  [{ rv: 1.5, v: 7 }, 'json: cannot unmarshal number 1.5 into Go struct field continueToken.rv of type int64'],
  [{ rv: 'x' }, 'json: cannot unmarshal string into Go struct field continueToken.rv of type int64'],
  [null, 'server does not recognize this encoded version '],
  [{ v: 'meta.k8s.io/v1', start: 'a' }, 'incorrect encoded start resourceVersion (version meta.k8s.io/v1)'],
  [{ v: 'meta.k8s.io/v1', rv: 1, start: '../a' }, 'continue key is not valid: ../a'],
])('%j', (token, problem) => {
  expect(() => decodeContinue(Buffer.from(JSON.stringify(token)).toString('base64url'))).toThrow(problem);
});
