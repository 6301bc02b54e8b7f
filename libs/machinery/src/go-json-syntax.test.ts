import fc from 'fast-check';
import { expect, test } from 'vitest';
import { goSyntaxProblem } from './go-json-syntax.ts';

test.each([
  ['', 'unexpected end of JSON input'],
  ['{"a":[1,', 'unexpected end of JSON input'],
  ['"a', 'unexpected end of JSON input'],
  ['tru', 'unexpected end of JSON input'],
  ['{"a":}', "invalid character '}' looking for beginning of value"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
  ['[1 2]', "invalid character '2' after array element"],
  ['[1}', "invalid character '}' after array element"],
  ['{} x', "invalid character 'x' after top-level value"],
  ['01', "invalid character '1' after top-level value"],
  ['"a\nb"', "invalid character '\\n' in string literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
  ['-a', "invalid character 'a' in numeric literal"],
  ['1.x', "invalid character 'x' after decimal point in numeric literal"],
  ['1e,', "invalid character ',' in exponent of numeric literal"],
  ['nil', "invalid character 'i' in literal null (expecting 'u')"],
  ["'a'", "invalid character '\\'' looking for beginning of value"],
  ['é', "invalid character 'Ã' looking for beginning of value"],
  ['\u0000', "invalid character '\\x00' looking for beginning of value"],
  ['\ufeff{}', "invalid character 'ï' looking for beginning of value"],
])('%j', (text, problem) => expect(goSyntaxProblem(text)).toBe(problem));

test('finds something wrong exactly where JSON.parse does', () => {
  const isJson = (text: string) => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const pieces = fc.array(
    fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '"a"', '1', '-', '0', '.5', 'e', '+', 'true', 'null', ' ', '\\', '\n', 'u', 'é'),
    { maxLength: 12 },
  );
  const spoiled = fc.tuple(fc.jsonValue({ maxDepth: 4 }), fc.nat(), fc.string({ maxLength: 2 })).map(([value, at, extra]) => {
    const text = JSON.stringify(value);
    return text.slice(0, at % (text.length + 1)) + extra + text.slice(at % (text.length + 1));
  });
  fc.assert(
    fc.property(
      fc.oneof(
        pieces.map((all) => all.join('')),
        spoiled,
      ),
      (text) => {
        expect(goSyntaxProblem(text) === undefined).toBe(isJson(text));
      },
    ),
    { numRuns: 5_000 },
  );
  const deep = '['.repeat(200_000);
  expect(goSyntaxProblem(deep)).toBe('unexpected end of JSON input');
  expect(goSyntaxProblem(deep + ']'.repeat(200_000))).toBeUndefined();
});
