import { expect, it } from 'vitest';
import { knownText, setOf } from './known-sets.ts';

const text = (name: string) => `{"f:spec":{"f:${name}":{}}}`;

it('gives what is made alike one set, which nobody can change', () => {
  const set = setOf(text('a'));
  expect(set).toEqual({ 'f:spec': { 'f:a': {} } });
  expect(setOf(text('a'))).toBe(set);
  expect(Object.isFrozen(set['f:spec']?.['f:a'])).toBe(true);
  expect(knownText(set)).toBe(text('a'));
});

it('keeps no set of more than 8 KiB', () => {
  const long = setOf(text('x'.repeat(8 * 1024)));
  expect(knownText(long)).toBeUndefined();
  expect(setOf(text('x'.repeat(8 * 1024)))).not.toBe(long);
});

it('forgets the oldest of more than 500 sets', () => {
  const oldest = setOf(text('first'));
  for (let n = 0; n < 500; n++) setOf(text(`n${n}`));
  expect(setOf(text('first'))).not.toBe(oldest);
  expect(knownText(oldest)).toBe(text('first'));
});
