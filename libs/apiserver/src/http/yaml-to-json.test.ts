import { expect, test } from 'vitest';
import { yamlToJson } from './yaml-to-json.ts';

const decode = (text: string) => JSON.parse(yamlToJson(Buffer.from(text)));

test('YAML becomes what JSON could have said', () => {
  expect(decode('kind: Pod\nspec: {a: [1, "2", true, null, 1.5]}')).toEqual({ kind: 'Pod', spec: { a: [1, '2', true, null, 1.5] } });
  expect(decode('a: &x {b: 1}\nc: *x')).toEqual({ a: { b: 1 }, c: { b: 1 } });
  expect(decode('day: 2026-01-02')).toEqual({ day: '2026-01-02' });
  expect(decode('~')).toBe(null);
});

const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
for (let level = 1; level < 12; level++)
  bomb.push(
    `a${level}: &a${level} [${Array(9)
      .fill(`*a${level - 1}`)
      .join(', ')}]`,
  );

test('what follows the first document is not looked at, and none is nothing', () => {
  expect(yamlToJson(Buffer.from('a: 1\n---\nb: 2'))).toBe('{"a":1}');
  expect(yamlToJson(Buffer.from(' '))).toBe('null');
});

test.each([
  ['a bomb of aliases', bomb.join('\n'), 'repeat more than 200000 values'],
  ['a bomb of one long text', `a: &x "${'x'.repeat(500_000)}"\nb: [${'*x,'.repeat(5_000)}]`, 'longer than \\d+ characters'],
  ['a bomb of one long name', `a: &x {"${'x'.repeat(500_000)}": 1}\nb: [${'*x,'.repeat(5_000)}]`, 'longer than \\d+ characters'],
  ['a bomb of what JSON writes longer', `a: &x "${'\\a'.repeat(100_000)}"\nb: [*x,*x,*x,*x]`, 'longer than \\d+ characters'],
  ['a circle', 'a: &a [*a]', 'nested deeper|repeat more than'],
  ['a key twice', 'a: 1\na: 2', 'yaml: unmarshal errors:\\n  line 2: key "a" already set in map'],
  ['a key in quotes twice', 'x:\n  - "b c": 1\n    "b c": 2', 'line 3: key "b c" already set in map'],
  ['what is not closed', 'a: [', 'error converting YAML to JSON'],
  ['deep nesting', `a: ${'['.repeat(5_000)}${']'.repeat(5_000)}`, 'error converting YAML to JSON'],
  ['nesting that JSON may not have', `a: ${'['.repeat(210)}${']'.repeat(210)}`, 'nested deeper than 200 levels'],
  ['a tag of some language', 'a: !!js/function "x"', 'unknown scalar tag'],
  ['a prototype', '__proto__: {polluted: true}', '__proto__'],
])('%s is refused', (_, text, problem) => {
  expect(() => decode(text)).toThrow(expect.objectContaining({ code: 400, message: expect.stringMatching(problem) }));
});

test('what a text says itself is never too much, however short each value is', () => {
  for (const item of ['? ,', '[],', 'a,', '{a},', '~,']) {
    const text = `[${item.repeat(100_000)}~]`;
    expect(decode(text)).toHaveLength(100_001);
  }
});
