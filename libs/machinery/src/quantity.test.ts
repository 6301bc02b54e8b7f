// Quantities are exact, and their canonical form is the one Kubernetes stores.
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { isQuantity, parseQuantity } from './quantity.ts';

it.each([
  ['0', '0'],
  ['0Ki', '0'],
  ['1000m', '1'],
  ['1500m', '1500m'],
  ['1.5', '1500m'],
  ['.5', '500m'],
  ['1.', '1'],
  ['+5', '5'],
  ['-0.1', '-100m'],
  ['100000', '100k'],
  ['1000k', '1M'],
  ['0.5Gi', '512Mi'],
  ['1024Ki', '1Mi'],
  ['1.5Gi', '1536Mi'],
  ['1025Ki', '1025Ki'],
  ['1.953125Ki', '2000'],
  ['0.5Ki', '512'],
  ['1000Ki', '1000Ki'],
  ['1e3', '1e3'],
  ['1e19', '10e18'],
  ['1.5e30', '1500e27'],
  ['-1e+40', '-10e39'],
  ['1e-30', '1e-9'],
  ['0e99', '0'],
  ['12e6', '12e6'],
  ['1E2', '100'],
  ['1e-3', '1e-3'],
  ['1E', '1E'],
  ['5u', '5u'],
  ['1n', '1n'],
  ['0.1n', '1n'],
  ['7Ei', '7Ei'],
  ['1P', '1P'],
  ['1T', '1T'],
  ['1G', '1G'],
  ['1Ti', '1Ti'],
  ['1Pi', '1Pi'],
])('%s is %s', (text, canonical) => {
  expect(parseQuantity(text).toString()).toBe(canonical);
});

it.each([
  '',
  ' 1',
  '1 ',
  '1i',
  '1K',
  '1ki',
  '1mi',
  '1.2.3',
  '.',
  '--1',
  '1e',
  '1e3k',
  'Gi',
  'NaN',
  'Infinity',
  '0x1',
  '1e2147483648',
  '1'.repeat(65),
])('%j is no quantity', (text) => {
  expect(isQuantity(text)).toBe(false);
  expect(() => parseQuantity(text)).toThrow(RangeError);
});

const suffix = fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'e3', 'e-3', 'E6');
const quantity = fc
  .tuple(fc.constantFrom('', '-'), fc.nat(9999), fc.option(fc.nat(999)), suffix)
  .map(([sign, whole, fraction, unit]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${unit}`);

describe('laws', () => {
  test('the canonical form is the same amount, and its own canonical form', () => {
    fc.assert(
      fc.property(quantity, (text) => {
        const amount = parseQuantity(text);
        const again = parseQuantity(amount.toString());
        expect(again.nanos).toBe(amount.nanos);
        expect(again.toString()).toBe(amount.toString());
      }),
      { numRuns: 1000 },
    );
  });

  test('sums and differences are exact, and compare as they should', () => {
    fc.assert(
      fc.property(quantity, quantity, (a, b) => {
        const [x, y] = [parseQuantity(a), parseQuantity(b)];
        expect(x.add(y).subtract(y).compare(x)).toBe(0);
        expect(x.compare(y) + y.compare(x)).toBe(0);
        expect(Math.sign(x.subtract(y).compare(parseQuantity('0')))).toBe(x.compare(y));
      }),
    );
  });
});

test('fractions are rounded up where whole numbers are asked for', () => {
  expect(parseQuantity('1.1').value()).toBe(2);
  expect(parseQuantity('-1.1').value()).toBe(-1);
  expect(parseQuantity('100u').milliValue()).toBe(1);
  expect(parseQuantity('-1.5').toNumber()).toBe(-1.5);
  expect(parseQuantity(0.1).toString()).toBe('100m');
});

test('a sum of nothing and bytes is bytes', () => {
  expect(parseQuantity('0').add(parseQuantity('2048')).add(parseQuantity('1Ki')).toString()).toBe('3072');
  expect(parseQuantity('0').add(parseQuantity('1Ki')).toString()).toBe('1Ki');
});
