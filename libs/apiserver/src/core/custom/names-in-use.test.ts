// Names that definitions hold are free again once nobody holds them.
import { expect, test } from 'vitest';
import { NamesInUse } from './names-in-use.ts';

const names = { plural: 'as', singular: 'a', shortNames: ['x'], kind: 'A', listKind: 'AList' };

test('a name is taken for others as long as somebody holds it, in its group and room alone', () => {
  const inUse = new NamesInUse();
  inUse.hold('one', 'g', names);
  expect(inUse.isTaken('resources', 'g', 'x', 'two')).toBe(true);
  expect(inUse.isTaken('resources', 'g', 'x', 'one')).toBe(false);
  expect(inUse.isTaken('resources', 'h', 'x', 'two')).toBe(false);
  expect(inUse.isTaken('kinds', 'g', 'x', 'two')).toBe(false);
  inUse.hold('two', 'g', { ...names, kind: 'B', listKind: 'BList' });
  expect(inUse.isTaken('resources', 'g', 'x', 'one')).toBe(true);
  inUse.hold('one', 'g', { ...names, shortNames: [] });
  inUse.hold('two', 'g', undefined);
  expect(inUse.isTaken('resources', 'g', 'x', 'three')).toBe(false);
  expect(inUse.isTaken('resources', 'g', 'as', 'three')).toBe(true);
  expect(inUse.isTaken('kinds', 'g', 'BList', 'three')).toBe(false);
});
