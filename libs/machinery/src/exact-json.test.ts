import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasLongNumber, parseExact, wholeNumberOf } from './exact-json.ts';
import { deepClone, deepEqual, parseJson, parseJsonWithDuplicates } from './json.ts';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const value: fc.Memo<unknown> = fc.memo((depth) =>
  fc.oneof(
    int64.map(wholeNumberOf),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0) && !isUnsafe(number)),
    fc.string(),
    fc.constantFrom(null, true, false),
    ...(depth > 1 ? [fc.array(value(depth - 1), { maxLength: 4 }), fc.dictionary(key, value(depth - 1), { maxKeys: 4 })] : []),
  ),
);
const key = fc.string().filter((name) => name !== '__proto__');

/** What JSON writes as a whole number that is none here. */
function isUnsafe(number: number): boolean {
  return Number.isInteger(number) && !Number.isSafeInteger(number) && Math.abs(number) < 1e21;
}

describe('integers of 64 bits', () => {
  test('keep their digits from text to text, at any place', () => {
    fc.assert(
      fc.property(value(4), fc.boolean(), (original, isIndented) => {
        const text = JSON.stringify(original, undefined, isIndented ? 2 : undefined);
        const read = parseJson(text);
        expect(deepEqual(read, original)).toBe(true);
        expect(JSON.stringify(deepClone(read))).toBe(JSON.stringify(original));
      }),
      { numRuns: 500 },
    );
  });

  test('have one form, so that equal ones are equal', () => {
    fc.assert(
      fc.property(int64, int64, (a, b) => {
        expect(parseExact(String(a)) === parseExact(String(b))).toBe(a === b);
        expect(typeof parseExact(String(a))).toBe(a >= -(2n ** 53n) + 1n && a <= 2n ** 53n - 1n ? 'number' : 'bigint');
      }),
    );
  });

  test('are found wherever they stand', () => {
    fc.assert(
      fc.property(fc.nat(70), int64, fc.nat(70), (before, number, after) => {
        const text = `${' '.repeat(before)}${number}${' '.repeat(after)}`;
        expect(hasLongNumber(text)).toBe(String(number).replace('-', '').length >= 16);
      }),
      { numRuns: 1000 },
    );
  });
});

test.each([
  ['9007199254740991', 9007199254740991, '9007199254740991'],
  ['9007199254740993', 9007199254740993n, '9007199254740993'],
  ['-9223372036854775808', -(2n ** 63n), '-9223372036854775808'],
  ['18446744073709551615', 18446744073709551615n, '18446744073709551615'],
  // Go's float64, which it writes as JavaScript does.
  ['9007199254740993.0', 9007199254740992, '9007199254740992'],
  ['1e3', 1000, '1000'],
  ['1.5e300', 1.5e300, '1.5e+300'],
  ['123456789012345678e3', 123456789012345680000, '123456789012345680000'],
  ['0.1234567890123456789', 0.12345678901234568, '0.12345678901234568'],
  ['-0', -0, '0'],
  [`"${'9'.repeat(20)}"`, '9'.repeat(20), `"${'9'.repeat(20)}"`],
])('%s', (text, read, written) => {
  expect(parseExact(text)).toBe(read);
  expect(JSON.stringify({ a: [parseExact(text)] })).toBe(`{"a":[${written}]}`);
});

test('what is nested deeper than the stack is refused, also beside long numbers', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}12345678901234567890${']'.repeat(depth)}`;
  expect(() => parseJson(nested(9_000))).toThrow('the object is nested deeper than 200 levels');
  expect(() => parseJson(nested(100_000))).toThrow('exceeded max depth');
  expect(() => parseJsonWithDuplicates('{"a": 12345678901234567890')).toThrow('json parse error: unexpected end of JSON input');
});

test('fields that are given twice are named, and the last one counts', () => {
  const text = '{"a": 12345678901234567890, "a": 12345678901234567891}';
  expect(parseJsonWithDuplicates(text)).toEqual({ value: { a: 12345678901234567891n }, duplicates: ['a'] });
});
