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

it('forgets the one of more than 500 sets that was not asked for longest', () => {
  const oldest = setOf(text('first'));
  const asked = setOf(text('asked'));
  for (let n = 0; n < 499; n++) {
    setOf(text(`n${n}`));
    setOf(text('asked'));
  }
  expect(setOf(text('asked'))).toBe(asked);
  expect(knownText(oldest)).toBeUndefined();
  expect(setOf(text('first'))).not.toBe(oldest);
});
