import { expect, test } from 'vitest';
import { Seats } from './seats.ts';

const never = new AbortController().signal;

test('no more run at once than there are seats, in the order in which they came', async () => {
  const seats = new Seats(2);
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const begun: number[] = [];
  const all = gates.map(({ promise }, index) =>
    seats.within(never, async () => {
      begun.push(index);
      await promise;
    }),
  );
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);
  gates[1]?.resolve();
  await all[1];
  expect(begun).toEqual([0, 1, 2]);
  for (const { resolve } of gates) resolve();
  await Promise.all(all);
  expect(begun).toEqual([0, 1, 2, 3]);
});

test('who goes away while it waits does not run, and keeps nobody from running; a failure frees its seat', async () => {
  const seats = new Seats(1);
  const gate = Promise.withResolvers<void>();
  const first = seats.within(never, () => gate.promise);
  const leaving = new AbortController();
  const second = seats.within(leaving.signal, async () => 'ran');
  const third = seats.within(never, async () => 'ran');
  leaving.abort(new Error('gone'));
  await expect(second).rejects.toThrow('gone');
  gate.reject(new Error('failed'));
  await expect(first).rejects.toThrow('failed');
  expect(await third).toBe('ran');
  await expect(seats.within(leaving.signal, async () => 'ran')).rejects.toThrow('gone');
});
