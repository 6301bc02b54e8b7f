import { SimulatedClock } from '@berth/telemetry/testing';
import { expect, test } from 'vitest';
import { Life } from './mortal.ts';

test('after its end, a life hears and is told nothing more', async () => {
  const clock = new SimulatedClock(0);
  const life = new Life();
  const seen: string[] = [];
  const service = life.service({
    answer: async (text: string) => {
      await clock.sleep(10);
      return text;
    },
  });
  life.clock(clock).after(5, () => seen.push('early'));
  life.clock(clock).after(20, () => seen.push('late'));
  void service.answer('in flight').then((text) => seen.push(text));
  await clock.advance(7);
  life.end();
  void service.answer('afterwards').then((text) => seen.push(text));
  await clock.advance(100);
  expect(seen).toEqual(['early']);
});
