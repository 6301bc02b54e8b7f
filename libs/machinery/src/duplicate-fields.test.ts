import { describe, expect, it } from 'vitest';
import { duplicateFields } from './duplicate-fields.ts';
import { parseJsonWithDuplicates } from './json.ts';

describe('duplicateFields', () => {
  it.each([
    ['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}', []],
    ['{"a":1,"a":2,"a":3}', ['a']],
    ['{"spec":{"list":[1,{"x":"a","y":[],"x":{}}]},"k":"{\\"k\\":1,\\"k\\":2}"}', ['spec.list[1].x']],
    ['{"a\\u0062":1,"ab":2}', ['ab']],
    ['{"a":"b","b":"a","c":["a","a"]}', []],
    ['[]', []],
  ])('%s', (text, expected) => expect(duplicateFields(text)).toEqual(expected));

  it.each([
    ['{"a":{"b":[{"c":1},{"c":"x:\\"y:"}]},"d:e":null,"f":[[]]}', []],
    ['{"a":{"b":[{"c":1},{"c":2,"c":3}]}}', ['a.b[1].c']],
    ['{"a":1,"a":{"b":1}}', ['a']],
    ['{"a:":"\\\\","b":1,"b":1}', ['b']],
  ])('%s, when it is parsed', (text, expected) => {
    expect(parseJsonWithDuplicates(text)).toEqual({ value: JSON.parse(text), duplicates: expected });
  });

  it('is not slowed down by long strings', () => {
    expect(duplicateFields(`{"a":"${'x\\"'.repeat(1_000_000)}","a":1}`)).toEqual(['a']);
  });
});
