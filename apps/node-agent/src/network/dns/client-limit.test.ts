import { expect, test } from 'vitest';
import { ClientLimit } from './client-limit.ts';

test('a client has its share, and leaves the rest to others', () => {
  const limit = new ClientLimit(2, 3);
  const first = limit.take('a');
  expect([limit.take('a'), limit.take('a'), limit.take('b'), limit.take('c')].map((taken) => taken !== undefined)).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect([limit.isFullFor('a'), limit.isFullFor('c')]).toEqual([false, true]);
  first?.();
  expect(limit.isFullFor('c')).toBe(false);
  expect(limit.take('c')).toBeDefined();
});

test('what is given back twice counts once', () => {
  const limit = new ClientLimit(1, 2);
  const release = limit.take('a');
  limit.take('b');
  release?.();
  release?.();
  expect([limit.take('a'), limit.take('b')].map((taken) => taken !== undefined)).toEqual([true, false]);
});
