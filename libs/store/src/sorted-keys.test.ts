import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SortedKeys } from './sorted-keys.ts';

/** Enough for several blocks. */
const key = fc.integer({ min: 0, max: 9_999 }).map((n) => `k${String(n).padStart(4, '0')}`);

it('holds, counts and gives keys as a sorted set would', () => {
  const sets = fc.record({
    added: fc.uniqueArray(key, { maxLength: 4_000, size: 'max' }),
    gone: fc.array(key),
    start: key,
    end: fc.option(key),
  });
  fc.assert(
    fc.property(sets, ({ added, gone, start, end }) => {
      const keys = new SortedKeys();
      for (const one of added) keys.add(one);
      for (const one of gone) keys.delete(one);
      const expected = added.filter((one) => !gone.includes(one) && one >= start && (end === null || one < end)).sort();
      expect([...keys.between(start, end ?? undefined)]).toEqual(expected);
      expect(keys.count(start, end ?? undefined)).toBe(expected.length);
      keys.clear();
      expect(keys.count('')).toBe(0);
    }),
    { numRuns: 50 },
  );
});
