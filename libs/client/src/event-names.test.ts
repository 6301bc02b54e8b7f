// Lists are by name: names must be in the order of events even where the clock stands still or goes back.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventNames } from './event-names.ts';

test('names of one object grow, whatever the clock and chance do', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 4e12 }), fc.double({ min: 0, max: 0.999999, noNaN: true })), { minLength: 2 }),
      (ticks) => {
        let tick: [number, number] = [0, 0];
        const names = new EventNames({ now: () => tick[0] }, { next: () => tick[1] });
        const made = ticks.map((each) => {
          tick = each;
          return names.next('web');
        });
        expect([...new Set(made)].sort()).toEqual(made);
      },
    ),
  );
});

test('a name is the object’s and the time in hexadecimal nanoseconds, and short enough for an object', () => {
  const names = new EventNames({ now: () => 1_700_000_000_000 }, { next: () => 0 });
  expect(names.next('web')).toBe(`web.${(1_700_000_000_000n * 1_000_000n).toString(16)}`);
  expect(names.next('x'.repeat(253)).length).toBeLessThanOrEqual(253);
});
