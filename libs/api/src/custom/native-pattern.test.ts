// What JavaScript matches in place of RE2 must match the same, and never take longer than the text is long.
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { nativePattern } from './native-pattern.ts';

describe('native patterns', () => {
  test.each([
    '^[a-z0-9. -]*$',
    '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
    '^(http|https)://[^/]+$',
    '^\\d{1,3}\\.\\d{1,3}$',
    '^v\\d+$',
    'abc',
    '^a.c$',
    '^[A-Z_]{2,10}(?:-x)?$',
  ])('%s is matched natively', (pattern) => {
    expect(nativePattern(pattern)).toBeDefined();
  });

  test.each([
    // More than the text is long.
    '^(a+)+$',
    '^(a|a)*$',
    '^a*a*$',
    'a*b',
    '^(a?){30}$',
    '^[a-z]*[a-z]{0,999}x$',
    // Read otherwise, or not at all.
    '(?i)abc',
    '\\s',
    '\\bword',
    '[[:alpha:]]',
    '^a$|^b$',
    'a**',
    '[z-a]',
    '\\pL',
    '(?P<x>a)',
    'x{2000}',
  ])('%s is left to RE2', (pattern) => {
    expect(nativePattern(pattern)).toBeUndefined();
  });

  test('matches what RE2 matches', () => {
    const atom = fc.constantFrom('a', 'b', '\\d', '[ab]', '[^a]', '[a-c.-]', '.', '\\.', '(?:ab|c)', '(a|b?)', '-', 'é', '[\\d_]', '\\W');
    const count = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,3}', '{2,}');
    const body = fc.array(fc.tuple(atom, count), { maxLength: 4 }).map((parts) => parts.flat().join(''));
    const patterns = fc.tuple(fc.constantFrom('', '^'), body, fc.constantFrom('', '$')).map((parts) => parts.join(''));
    const texts = fc.array(fc.constantFrom('a', 'b', 'c', '1', '-', '.', '\n', 'é', '😀', '_', '\u2028'), { maxLength: 6 });
    fc.assert(
      fc.property(patterns, fc.array(texts, { minLength: 5, maxLength: 5 }), (pattern, samples) => {
        const native = nativePattern(pattern);
        if (!native) return;
        const original = RE2JS.compile(pattern);
        for (const text of samples.map((letters) => letters.join('')))
          expect([pattern, text, native.expression.test(text)]).toEqual([pattern, text, original.matcher(text).find()]);
      }),
      { numRuns: 300 },
    );
  });
});
