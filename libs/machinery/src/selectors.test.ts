// Selectors as kubectl sends them and objects hold them: what they match, how they are written, and what is wrong with the rest.
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseLabelSelector } from './label-selector-text.ts';
import { labelSelectorFrom, parseFieldSelector, selectorText } from './selectors.ts';

describe('label selectors', () => {
  const labels = { app: 'web', tier: 'front', empty: '', size: '12' };

  it.each<[string, boolean]>([
    ['', true],
    ['app=web', true],
    ['app==web,tier!=back', true],
    [' app = web , tier in ( front , back ) ', true],
    ['app=db', false],
    ['app', true],
    ['!app', false],
    ['! other', true],
    ['other!=x', true],
    ['other notin (x)', true],
    ['tier notin (front)', false],
    ['empty=', true],
    ['empty in (,x)', true],
    ['app=', false],
    ['constructor', false],
    ['size>11,size<13', true],
    ['size>12', false],
    ['app>1', false],
    ['in in (in)', false],
    ['empty in ()', true],
    ['app in (,)', false],
    ['app in (web,,)', true],
  ])('%j', (text, expected) => {
    expect(parseLabelSelector(text).matches(labels)).toBe(expected);
  });

  it.each([
    ['a b', "found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a in x', "found 'x' expected: '('"],
    ['a in (x', "found '', expected: ',' or ')'"],
    ['a=b,', "found '', expected: identifier after ','"],
    [',a', "found ',', expected: !, identifier, or 'end of string'"],
    ['(a)', "found '(', expected: !, identifier, or 'end of string'"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['!', "found '', expected: identifier"],
    ['-a=b', '<nil>: Invalid value: "-a": name part must consist of alphanumeric characters'],
    ['A_=-', /^unable to parse requirement: <nil>: Invalid value: "A_": name part must/],
    ['A_ bogus', '<nil>: Invalid value: "A_"'],
    ['Example.com/a=b', '<nil>: Invalid value: "Example.com/a"'],
    ['a=b_', 'values[0][a]: Invalid value: "b_": a valid label must be an empty string or consist of'],
    [`a=${'x'.repeat(64)}`, 'values[0][a]: Invalid value'],
    ['a=(b)', "unable to parse requirement: found '(', expected: identifier"],
    ['a in ((b))', "found '(', expected: ',', ')' or identifier"],
    ['a in (', "found '', expected: ',', ')' or identifier"],
    ['a in (,b(', "found '(', expected: ',' or ')'"],
    ['a in (b,', "found '', expected: ',', or identifier"],
    ['a in (c d)', "found 'd', expected: ',' or ')'"],
    ['a in (b_,A_)', 'values[0][a]: Invalid value: "A_"'],
    ['a>x', "for 'Gt', 'Lt' operators, the value must be an integer"],
    ['x'.repeat(100_000), 'the selector is longer than'],
    [`a in ${'('.repeat(10_000)}`, 'unable to parse requirement'],
  ])('%.20j is refused', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(message);
    expect(() => parseLabelSelector(text)).toThrow(expect.objectContaining({ code: 400 }));
  });

  test('what is written is read again as the same', () => {
    const word = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,5}[a-z0-9])?$/);
    const requirement = fc.oneof(
      fc.tuple(word, fc.constantFrom('=', '!='), word).map((parts) => parts.join('')),
      fc
        .tuple(word, fc.constantFrom('in', 'notin'), fc.array(word, { minLength: 1, maxLength: 3 }))
        .map(([k, o, v]) => `${k} ${o} (${v.join()})`),
      fc.tuple(fc.constantFrom('', '!'), word).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(fc.array(requirement), fc.dictionary(word, word), (parts, some) => {
        const selector = parseLabelSelector(parts.join(','));
        const again = parseLabelSelector(selector.toString());
        expect(again.toString()).toBe(selector.toString());
        expect(again.matches(some)).toBe(selector.matches(some));
      }),
    );
  });
});

describe('selector objects', () => {
  it('are written as kubectl get -o wide shows them', () => {
    const matchExpressions = [
      { key: 'tier', operator: 'In', values: ['b', 'a'] },
      { key: 'env', operator: 'NotIn', values: ['x'] },
      { key: 'old', operator: 'DoesNotExist' },
      { key: 'kept', operator: 'Exists' },
    ];
    expect(selectorText({ matchLabels: { app: 'web' }, matchExpressions })).toBe('app=web,env notin (x),kept,!old,tier in (a,b)');
    expect(selectorText(undefined)).toBe('');
  });

  it('match nothing when absent, everything when empty', () => {
    expect(labelSelectorFrom(undefined).matches({ a: 'b' })).toBe(false);
    expect(labelSelectorFrom({}).matches({})).toBe(true);
    expect(() => labelSelectorFrom({ matchExpressions: [{ key: 'a', operator: 'Near' }] })).toThrow(
      '"Near" is not a valid label selector operator',
    );
  });
});

it.each([
  ['metadata.name=web', [{ field: 'metadata.name', operator: '=', value: 'web' }]],
  [
    'a==b,c!=d',
    [
      { field: 'a', operator: '=', value: 'b' },
      { field: 'c', operator: '!=', value: 'd' },
    ],
  ],
  ['a=x\\,y\\=z\\\\', [{ field: 'a', operator: '=', value: 'x,y=z\\' }]],
  ['a=', [{ field: 'a', operator: '=', value: '' }]],
  ['', []],
])('field selector %j', (text, expected) => {
  expect(parseFieldSelector(text)).toEqual(expected);
});

it('an equals sign alone asks for nothing, with a value for a field without a name', () => {
  expect(parseFieldSelector('=')).toEqual([]);
  expect(parseFieldSelector('=b')).toEqual([{ field: '', operator: '=', value: 'b' }]);
});

it.each(['web', 'a=b=c', 'a=b\\', 'a=\\x'])('field selector %j is refused', (text) => {
  expect(() => parseFieldSelector(text)).toThrow(expect.objectContaining({ code: 400 }));
});
