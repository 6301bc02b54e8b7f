// What comes over the wire as JSON must not be turned against us, and two values are equal exactly when their JSON is.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepClone, deepEqual, equalButForEmpty, parseJson } from './json.ts';
import { StatusError } from './status.ts';

describe('parseJson', () => {
  it.each([
    ['{"a": ', 'json parse error'],
    ['', 'json parse error'],
    ['{"a": {"__proto__": {"admin": true}}}', '"__proto__" is not allowed'],
    ['{"\\u005f_proto__": 1}', '"__proto__" is not allowed'],
    ['['.repeat(201) + ']'.repeat(201), 'nested deeper than 200 levels'],
    ['['.repeat(1_000_000), 'json parse error'],
  ])('refuses %.40s', (text, message) => {
    expect(() => parseJson(text)).toThrow(message);
    expect(() => parseJson(text)).toThrow(StatusError);
  });

  it('takes bytes, and depth up to the limit', () => {
    expect(parseJson(new Uint8Array([0x22, 0xc3, 0xa9, 0x22]))).toBe('é');
    expect(parseJson('['.repeat(200) + ']'.repeat(200))).toBeInstanceOf(Array);
  });
});

describe('deepEqual and deepClone', () => {
  it('hold for every value and its copy, and for no other', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        fc.pre(!/"__proto__"/.test(JSON.stringify([a, b])));
        expect(deepEqual(a, deepClone(a))).toBe(true);
        expect(deepEqual(a, b)).toBe(deepEqual(b, a));
        expect(deepEqual({ a, b }, { b, a })).toBe(true);
        expect(deepEqual([a], [a, b])).toBe(false);
      }),
    );
  });

  it('take an undefined member for an absent one, and names that objects inherit for names', () => {
    expect(deepEqual({ a: undefined }, {})).toBe(true);
    expect(deepEqual({}, { a: null })).toBe(false);
    expect(deepEqual({}, { constructor: 1 })).toBe(false);
    expect(deepEqual({ toString: { a: 1 } }, {})).toBe(false);
    expect(deepEqual([], {})).toBe(false);
  });
});

describe('equalButForEmpty', () => {
  it.each([
    [{ a: 0, b: [], c: { d: '' }, e: false, f: null }, {}, true],
    [undefined, { a: {} }, true],
    [[{ a: 1, b: 0 }], [{ a: 1 }], true],
    [{ a: 1 }, {}, false],
    [{ a: [''] }, {}, false],
    [{ a: [1] }, { a: [1, 0] }, false],
    [{ a: { b: true } }, { a: { b: false } }, false],
    [{ a: 'x' }, { a: { x: '' } }, false],
    [{ constructor: 'x' }, {}, false],
  ])('%j and %j: %s', (a, b, equal) => {
    expect([equalButForEmpty(a, b), equalButForEmpty(b, a)]).toEqual([equal, equal]);
  });
});

describe('depth of a long text', () => {
  it.each([
    ['brackets', '['.repeat(3_000_000)],
    ['objects', '{"a":'.repeat(600_000)],
    ['both, behind a string', `{"a":"${'x'.repeat(100_000)}","b":${'[{"a":'.repeat(10_000)}`],
  ])('%s: nothing is made of it', (_, text) => {
    expect(() => parseJson(text)).toThrow('exceeded max depth');
  });

  it.each([
    ['in strings', [`${'['.repeat(100_000)}\\"[`]],
    ['one after the other', Array.from({ length: 100_000 }, () => [])],
  ])('brackets %s are none', (_, value) => {
    expect(parseJson(JSON.stringify(value))).toEqual(value);
  });
});
