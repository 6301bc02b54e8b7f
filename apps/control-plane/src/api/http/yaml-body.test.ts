import { expect, test } from 'vitest';
import { decodeYaml } from './yaml-body.ts';

const decode = (text: string) => decodeYaml(Buffer.from(text));

test('YAML becomes what JSON could have said', () => {
  expect(decode('kind: Pod\nspec: {a: [1, "2", true, null, 1.5]}')).toEqual({ kind: 'Pod', spec: { a: [1, '2', true, null, 1.5] } });
  expect(decode('a: &x {b: 1}\nc: *x')).toEqual({ a: { b: 1 }, c: { b: 1 } });
  expect(decode('day: 2026-01-02')).toEqual({ day: '2026-01-02' });
});

const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
for (let level = 1; level < 12; level++)
  bomb.push(
    `a${level}: &a${level} [${Array(9)
      .fill(`*a${level - 1}`)
      .join(', ')}]`,
  );

test.each([
  ['a bomb of aliases', bomb.join('\n'), 'more than 200000 values once its aliases are resolved'],
  ['a circle', 'a: &a [*a]', 'nested deeper|more than'],
  ['a key twice', 'a: 1\na: 2', 'duplicated mapping key'],
  ['two documents', 'a: 1\n---\nb: 2', 'document'],
  ['what is not closed', 'a: [', 'error converting YAML to JSON'],
  ['deep nesting', `a: ${'['.repeat(5_000)}${']'.repeat(5_000)}`, 'error converting YAML to JSON'],
  ['a tag of some language', 'a: !!js/function "x"', 'unknown scalar tag'],
  ['a prototype', '__proto__: {polluted: true}', '__proto__'],
])('%s is refused', (_, text, problem) => {
  expect(() => decode(text)).toThrow(new RegExp(problem));
});

const large = (line: string, bytes = 3 * 2 ** 20) => line.repeat(Math.floor(bytes / line.length));

test('3 MiB of YAML are read when they have few lines, and refused when they have many', () => {
  const text = decode(`data: |\n${large(`  ${'x'.repeat(100)}\n`)}`) as { data: string };
  expect(text.data.length).toBeGreaterThan(3e6);
  for (const line of ['- a\n', '- - - - a\n', '? a\n', '- a\r'])
    expect(() => decode(large(line))).toThrow('may have 60000 lines and items');
  expect(() => decode(`[${large('a,')}a]`)).toThrow('may have 60000 lines and items');
});
