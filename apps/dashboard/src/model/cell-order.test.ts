import { expect, test } from 'vitest';
import { cellOrder } from './cell-order.ts';

test('numbers and amounts are ordered by what they mean, and before words', () => {
  const cells = ['<none>', '10Gi', 9, 100, '512Mi', 'a', '0', '250m'];
  const ordered = cells.map((cell) => ({ cell, key: cellOrder(cell) })).sort((a, b) => (a.key < b.key ? -1 : 1));
  expect(ordered.map(({ cell }) => cell)).toEqual(['0', '250m', 9, 100, '512Mi', '10Gi', '<none>', 'a']);
});
