// JSON patch and JSON merge patch, by the examples of their RFCs and by what people meet when a patch does not apply.
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { applyJsonPatch, PatchError } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { StatusError } from './status.ts';

describe('JSON patch', () => {
  const document = { a: { b: [1, 2, 3] }, 'x/y': { '~': 1 }, nothing: null };

  it.each<[string, object[], unknown]>([
    ['adds a member', [{ op: 'add', path: '/c', value: 1 }], { ...document, c: 1 }],
    ['adds into a list', [{ op: 'add', path: '/a/b/1', value: 9 }], { ...document, a: { b: [1, 9, 2, 3] } }],
    ['appends', [{ op: 'add', path: '/a/b/-', value: 4 }], { ...document, a: { b: [1, 2, 3, 4] } }],
    ['removes from a list', [{ op: 'remove', path: '/a/b/0' }], { ...document, a: { b: [2, 3] } }],
    ['counts from the end', [{ op: 'remove', path: '/a/b/-1' }], { ...document, a: { b: [1, 2] } }],
    ['unescapes paths', [{ op: 'replace', path: '/x~1y/~0', value: 2 }], { ...document, 'x/y': { '~': 2 } }],
    ['replaces everything', [{ op: 'replace', path: '', value: { z: 1 } }], { z: 1 }],
    ['moves', [{ op: 'move', from: '/a/b', path: '/b' }], { ...document, a: {}, b: [1, 2, 3] }],
    ['moves within a list', [{ op: 'move', from: '/a/b/0', path: '/a/b/2' }], { ...document, a: { b: [2, 3, 1] } }],
    ['copies', [{ op: 'copy', from: '/a/b/2', path: '/c' }], { ...document, c: 3 }],
    ['replaces what is absent', [{ op: 'replace', path: '/none', value: 1 }], { ...document, none: 1 }],
    ['copies what is absent as null', [{ op: 'copy', from: '/none', path: '/other' }], { ...document, other: null }],
    ['replaces null', [{ op: 'replace', path: '/nothing', value: 1 }], { ...document, nothing: 1 }],
    ['tests', [{ op: 'test', path: '/a', value: { b: [1, 2, 3] } }], document],
    ['takes what is absent for null', [{ op: 'test', path: '/none', value: null }], document],
  ])('%s', (_, patch, expected) => {
    const before = structuredClone(document);
    expect(applyJsonPatch(document, patch)).toEqual(expected);
    expect(document).toEqual(before);
  });

  it.each([
    [{ op: 'add', path: '', value: {} }, 'add operation does not apply: doc is missing path: ""'],
    [{ op: 'remove', path: '' }, 'remove operation does not apply: doc is missing path: ""'],
    [{ op: 'move', from: '/a', path: '' }, 'move operation does not apply: doc is missing path: ""'],
    [{ op: 'test', path: '/a/b/0', value: 7 }, 'testing value /a/b/0 failed: test failed'],
    [{ op: 'test', path: '/none/x', value: null }, 'test operation does not apply: doc is missing path: "/none/x": missing value'],
    [{ op: 'replace', path: '/a/b/9', value: 1 }, 'replace operation does not apply: doc is missing key: /a/b/9: missing value'],
    [{ op: 'test', path: '/a/b/9', value: null }, 'testing value /a/b/9 failed: test failed'],
    [{ op: 'copy', from: '/a/b/9', path: '/x' }, 'copy operation does not apply: doc is missing from path: "/a/b/9": missing value'],
    [{ op: 'remove', path: '/none' }, "error in remove for path: '/none': Unable to remove nonexistent key: none: missing value"],
    [{ op: 'remove', path: '/none/x' }, 'remove operation does not apply: doc is missing path: "/none/x": missing value'],
    [{ op: 'add', path: '/none/x', value: 1 }, 'add operation does not apply: doc is missing path: "/none/x": missing value'],
    [{ op: 'add', path: '/a/b/9', value: 1 }, "error in add for path: '/a/b/9': Unable to access invalid index: 9"],
    [{ op: 'add', path: '/a/b/01', value: 1 }, 'Unable to access invalid index: 01'],
    [{ op: 'move', from: '/a', path: '/a/c' }, 'move operation does not apply'],
    [{ op: 'remove', path: '/constructor' }, 'Unable to remove nonexistent key: constructor'],
    [{ op: 'ad', path: '/a' }, 'Unexpected kind: ad'],
    [{ path: '/a' }, 'Unexpected kind: unknown'],
    [null, 'Unexpected kind: unknown'],
    [{ op: 'add', value: 1 }, 'add operation failed to decode path: missing value'],
    [{ op: 'add', path: 'a', value: 1 }, 'add operation does not apply: doc is missing path: "a": missing value'],
    [{ op: 'move', path: '/a' }, 'move operation failed to decode from: missing value'],
  ])('keeps why %o does not apply beside a Status that does not say it', (operation, why) => {
    const message = 'the server rejected our request due to an error in our request';
    const error = expect.objectContaining({ code: 422, reason: 'Invalid', message, why: expect.stringContaining(why) });
    expect(() => applyJsonPatch(document, [operation])).toThrow(error);
    expect(new PatchError(why).status.details).toEqual({});
  });

  it.each([
    [{}, 'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp'],
    ['x', 'error decoding patch: json: cannot unmarshal string into Go value of type []handlers.jsonPatchOp'],
    [[7], 'error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp'],
    [[{ op: 7 }], 'error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string'],
    [[{ op: 'add', path: [] }], 'error decoding patch: json: cannot unmarshal array into Go struct field jsonPatchOp.path of type string'],
    // A decoder reads all of it before the first operation is applied.
    [[{ op: 'jump' }, true], 'error decoding patch: json: cannot unmarshal bool into Go value of type handlers.jsonPatchOp'],
    [[{ op: 'add', path: '/__proto__/x', value: 1 }], 'the key "__proto__" is not allowed'],
  ])('refuses %o, which is no patch', (patch, message) => {
    expect(() => applyJsonPatch(document, patch)).toThrow(expect.objectContaining({ code: 400, reason: 'BadRequest', message }));
  });

  it('refuses what is too long, and takes null for nothing to do', () => {
    const long = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '', value: 1 }));
    const message = 'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001';
    expect(() => applyJsonPatch(document, long)).toThrow(expect.objectContaining({ code: 413, message }));
    expect(applyJsonPatch(document, null)).toEqual(document);
  });

  it('does not let copies of copies fill the memory or the stack', () => {
    const wide = Array.from({ length: 64 }, () => ({ op: 'copy', from: '/a', path: '/a/-' }));
    const why = expect.stringContaining('exceeds the limit');
    expect(() => applyJsonPatch({ a: ['0123456789'] }, wide)).toThrow(expect.objectContaining({ why }));
    const deep = Array.from({ length: 300 }, () => ({ op: 'copy', from: '/a', path: '/a/a' }));
    expect(() => applyJsonPatch({ a: {} }, deep)).toThrow(StatusError);
  });

  test('what a patch adds, its reverse removes', () => {
    const key = fc.string().filter((name) => name !== '__proto__');
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue({ maxDepth: 3 })), key, fc.jsonValue({ maxDepth: 3 }), (target, name, value) => {
        fc.pre(!JSON.stringify([target, value]).includes('"__proto__"'));
        const path = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
        const old = Object.hasOwn(target, name) ? [{ op: 'add', path, value: target[name] }] : [{ op: 'remove', path }];
        const there = applyJsonPatch(target, [
          { op: 'add', path, value },
          { op: 'test', path, value },
        ]);
        expect(applyJsonPatch(there, old)).toEqual(target);
      }),
    );
  });
});

describe('merge patch', () => {
  // RFC 7386, appendix A.
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (target, patch, expected) => {
    expect(applyMergePatch(target, patch)).toEqual(expected);
  });

  it('changes nothing the second time, and takes inherited names for absent ones', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.jsonValue({ maxDepth: 4 }), (target, patch) => {
        fc.pre(!/"__proto__"/.test(JSON.stringify([target, patch])));
        const once = applyMergePatch(target, patch);
        expect(applyMergePatch(once, patch)).toEqual(once);
      }),
    );
    expect(applyMergePatch({}, { constructor: { a: 1 } })).toEqual({ constructor: { a: 1 } });
  });
});
