import { expect, test } from 'vitest';
import { ageColumn, createdAtColumn } from './column.ts';

test('what was never created, such as a bookmark’s object, is of Go’s zero time', () => {
  const bookmark = { metadata: { name: '' } };
  expect(createdAtColumn().value(bookmark, 0)).toBe('0001-01-01T00:00:00Z');
  expect(ageColumn().value(bookmark, 0)).toBe('<unknown>');
});
