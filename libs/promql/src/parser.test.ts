// What is taken, how it binds, and that everything else is refused with its place.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, parseSelector } from './parser.ts';
import { PromqlError } from './promql-error.ts';
import type { Expression } from './syntax.ts';

/** Operators in prefix form, which shows how they bind. */
function shape(expression: Expression): string {
  switch (expression.kind) {
    case 'binary':
      return `(${expression.operator} ${shape(expression.left)} ${shape(expression.right)})`;
    case 'negation':
      return `(- ${shape(expression.expression)})`;
    case 'number':
      return String(expression.value);
    case 'selector':
      return expression.matchers
        .map(({ label, operator, value }) => (label === '__name__' ? value : `${label}${operator}${value}`))
        .join(',');
    default:
      return expression.kind;
  }
}

function refusal(text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof PromqlError) return error.message;
    throw error;
  }
  return 'taken';
}

describe('parse', () => {
  it.each([
    ['a + b * c ^ d ^ e', '(+ a (* b (^ c (^ d e))))'],
    ['-a ^ 2', '(- (^ a 2))'],
    ['-a * b', '(* (- a) b)'],
    ['a - b - c', '(- (- a b) c)'],
    ['a or b and c unless d', '(or a (unless (and b c) d))'],
    ['a > bool b + c', '(> a (+ b c))'],
    ['2 ^ -1', '(^ 2 -1)'],
    ['0x1F + 1e3 + .5 + Inf', '(+ (+ (+ 31 1000) 0.5) Infinity)'],
    ['{__name__="a",b=~"c|d",} # a comment', 'a,b=~c|d'],
    ['{"a.b", c="\\u00e9\\n"}', 'a.b,c=é\n'],
    ['sum', 'sum'],
    ['a:b:rate5m', 'a:b:rate5m'],
  ])('%s', (text, wanted) => {
    expect(shape(parse(text))).toBe(wanted);
  });

  it('knows ranges, subqueries, offsets, groupings and joins', () => {
    expect(parse('rate(a[1h30m] offset 1d)')).toMatchObject({
      kind: 'call',
      args: [{ kind: 'range', rangeMs: 5_400_000, selector: { offsetMs: 86_400_000 } }],
    });
    expect(parse('max_over_time(sum(a)[1h:30s] offset -5m)')).toMatchObject({
      args: [{ kind: 'subquery', rangeMs: 3_600_000, stepMs: 30_000, offsetMs: -300_000 }],
    });
    expect(parse('sum by (a, b) (c)')).toEqual({ ...parse('sum(c) by (a, b)'), expression: expect.anything() });
    expect(parse('topk without (a) (3, b)')).toMatchObject({
      operator: 'topk',
      grouping: { without: true, labels: ['a'] },
      parameter: { value: 3 },
    });
    expect(parse('a / on (b) group_left (c) d')).toMatchObject({ matching: { on: true, labels: ['b'], many: 'left', include: ['c'] } });
  });

  it.each([
    ['', '1:1: parse error: no expression found in input'],
    ['sum(', '1:5: parse error: unexpected end of input in expression'],
    ['a +\n  * b', '2:3: parse error: unexpected "*" in expression'],
    ['a{b}', '1:4: parse error: unexpected "}" in label matching, expected label matching operator'],
    ['a{b=~"("}', '1:6: parse error: error parsing regexp:'],
    ['{b=~".*"}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
    ['rate(a)', '1:6: parse error: expected type range vector in call to function "rate", got instant vector'],
    ['sum(a[5m])', '1:5: parse error: expected type instant vector in aggregation expression, got range vector'],
    ['a[5m] + 1', '1:1: parse error: binary expression must contain only scalar and instant vector types, got range vector'],
    ['1 > 2', '1:3: parse error: comparisons between scalars must use BOOL modifier'],
    ['a + bool b', '1:10: parse error: bool modifier can only be used on comparison operators'],
    ['a and 1', '1:3: parse error: set operator "and" not allowed in binary scalar expression'],
    ['nope(a)', '1:1: parse error: unknown function with name "nope"'],
    ['1 + holt_winters(a[5m], 1, 1)', '1:5: parse error: the function "holt_winters" is not supported here'],
    ['a @ 5', '1:3: parse error: the modifier "@" is not supported here'],
    ['a atan2 b', '1:3: parse error: the operator "atan2" is not supported here'],
    ['"abc', '1:1: parse error: unterminated quoted string'],
    ['a[5]', '1:3: parse error: unexpected "5" in subquery or range, expected duration'],
    ['5x', '1:1: parse error: bad number or duration syntax: "5x"'],
    ['sum(a[5m:])', '1:5: parse error: expected type instant vector in aggregation expression, got range vector'],
    ['a ~ b', '1:3: parse error: unexpected character: "~"'],
    ['on', 'taken'],
  ])('refuses %s', (text, message) => {
    expect(refusal(text)).toContain(message);
  });

  it('refuses depth before the stack ends', () => {
    expect(refusal('('.repeat(50_000))).toContain('levels deep');
    expect(refusal(`${'-'.repeat(50_000)}a`)).toContain('levels deep');
    expect(refusal(`${'2^'.repeat(20_000)}2`)).toContain('levels deep');
  });

  it('answers any text with a tree or a refusal', () => {
    const words = fc.constantFrom(
      'sum',
      'rate',
      'a',
      'by',
      '(',
      ')',
      '{',
      '}',
      '[',
      ']',
      '5m',
      ':',
      ',',
      '=',
      '=~',
      '"x"',
      '-',
      '^',
      'on',
      'offset',
      '1',
      '@',
      '\\',
      '#',
      '\n',
      '"',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words, { maxLength: 20 }).map((found) => found.join(' ')),
        ),
        (text) => {
          expect(refusal(text)).toBeTypeOf('string');
        },
      ),
    );
  });

  it('takes selectors alone for series', () => {
    expect(parseSelector('a{b!="c"}')).toHaveLength(2);
    expect(() => parseSelector('sum(a)')).toThrow('expected a selector');
  });
});
