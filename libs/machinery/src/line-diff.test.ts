import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unifiedDiff } from './line-diff.ts';

/** Lines numbered, but for those that are named. */
const numbered = (count: number, other: Record<number, string> = {}) => Array.from({ length: count }, (_, i) => other[i] ?? `line ${i}`);

test('a line that changed stands between three on either side', () => {
  expect(unifiedDiff(numbered(9), numbered(9, { 4: 'new' }))).toBe(
    '@@ -2,7 +2,7 @@\n line 1\n line 2\n line 3\n-line 4\n+new\n line 5\n line 6\n line 7\n',
  );
});

test('changes that are near each other stand together, and others apart', () => {
  const near = unifiedDiff(numbered(30), numbered(30, { 4: 'x', 11: 'y' }));
  expect(near.match(/@@ .* @@/g)).toEqual(['@@ -2,14 +2,14 @@']);
  const apart = unifiedDiff(numbered(30), numbered(30, { 4: 'x', 12: 'y' }));
  expect(apart.match(/@@ .* @@/g)).toEqual(['@@ -2,7 +2,7 @@', '@@ -10,7 +10,7 @@']);
});

test('one line, no line and added lines are counted as difflib counts them', () => {
  expect(unifiedDiff(['a'], ['b'])).toBe('@@ -1 +1 @@\n-a\n+b\n');
  expect(unifiedDiff([], ['b'])).toBe('@@ -0,0 +1 @@\n+b\n');
  expect(unifiedDiff(['a', 'b'], ['a', 'x', 'y', 'b'])).toBe('@@ -1,2 +1,4 @@\n a\n+x\n+y\n b\n');
  expect(unifiedDiff(['a'], ['a'])).toBe('');
});

test('of a long text frequent lines are no place to start from', () => {
  // Without that, difflib would find the braces alike first.
  const frequent = Array.from({ length: 240 }, (_, i) => (i % 2 ? '}' : `field ${i}`));
  const moved = [...frequent.slice(0, 100), 'other', '}', ...frequent.slice(102)];
  expect(unifiedDiff(frequent, moved)).toBe('@@ -98,7 +98,7 @@\n }\n field 98\n }\n-field 100\n+other\n }\n field 102\n }\n');
});

test('a text of many lines is compared in no time, by its ends', () => {
  const long = Array.from({ length: 200_000 }, (_, i) => `line ${i % 7}`);
  expect(unifiedDiff(long, [...long.slice(0, 1000), 'x', ...long.slice(1001)])).toContain('\n-line 6\n+x\n');
});

test('applied to the old lines, a diff gives the new ones', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 });
  fc.assert(
    fc.property(lines, lines, (a, b) => {
      expect(patched(a, unifiedDiff(a, b))).toEqual(b);
    }),
  );
});

function patched(old: string[], diff: string): string[] {
  const result: string[] = [];
  let at = 0;
  for (const line of diff.split('\n').slice(0, -1)) {
    const start = /^@@ -(\d+)(?:,(\d+))? /.exec(line);
    if (start) {
      const from = Number(start[1]) - (start[2] === '0' ? 0 : 1);
      result.push(...old.slice(at, from));
      at = from;
    } else if (line.startsWith('+')) result.push(line.slice(1));
    else {
      if (line.startsWith(' ')) result.push(line.slice(1));
      at++;
    }
  }
  return [...result, ...old.slice(at)];
}
