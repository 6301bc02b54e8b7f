// Amounts that Go holds in 64 bits: what has no room there turns into another, and only a negative one is refused.
import { expect, test } from 'vitest';
import { wholeAmount } from './storage.ts';

test.each([
  ['1Gi', undefined],
  ['no number', undefined],
  ['-1', '-1'],
  ['-1500m', '-1'],
  ['9223372036854775807', undefined],
  ['9223372036854775808', '-9223372036854775808'],
])('%s', (amount, refused) => {
  expect(wholeAmount(amount, 'field').map(({ value }) => String(value))).toEqual(refused === undefined ? [] : [refused]);
});
