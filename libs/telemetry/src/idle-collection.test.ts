import { expect, test } from 'vitest';
import { collectWhenIdle } from './idle-collection.ts';
import { silentLogger } from './logger.ts';
import { SimulatedClock } from './simulated-clock.ts';

const megabyte = 2 ** 20;

/** A process whose CPU time and memory the test decides. */
function simulated({ heldMegabytes }: { heldMegabytes: number }) {
  const clock = new SimulatedClock();
  const state = { cpuMs: 0, heldMegabytes, neededMegabytes: heldMegabytes, collections: 0, failure: undefined as Error | undefined };
  collectWhenIdle(
    { clock, logger: silentLogger },
    {
      cpuMicros: () => state.cpuMs * 1000,
      heldBytes: () => state.heldMegabytes * megabyte,
      collect: async () => {
        if (state.failure) throw state.failure;
        state.collections++;
        state.heldMegabytes = state.neededMegabytes;
      },
    },
  );
  /** Half a minute in which it uses so much of a core. */
  const pass = async (share: number) => {
    for (let round = 0; round < 2; round++) {
      state.cpuMs += 15_000 * share;
      await clock.advance(15_000);
    }
  };
  return { state, pass };
}

test('what a load has left is collected once the process rests, and not while it works', async () => {
  const { state, pass } = simulated({ heldMegabytes: 100 });
  await pass(0);
  expect(state.collections).toBe(1);
  state.heldMegabytes = 300;
  await pass(0.5);
  expect(state).toMatchObject({ collections: 1, heldMegabytes: 300 });
  await pass(0.02);
  expect(state).toMatchObject({ collections: 2, heldMegabytes: 100 });
});

test('a process at rest that makes little garbage is not collected again and again', async () => {
  const { state, pass } = simulated({ heldMegabytes: 100 });
  await pass(0);
  for (let minute = 0; minute < 60; minute++) {
    state.heldMegabytes += 1;
    await pass(0.01);
    await pass(0.01);
  }
  expect(state.collections).toBe(3);
});

test('what V8 has collected by itself counts', async () => {
  const { state, pass } = simulated({ heldMegabytes: 400 });
  await pass(0);
  state.heldMegabytes = 50;
  await pass(0);
  state.heldMegabytes = 100;
  await pass(0);
  expect(state.collections).toBe(2);
});

test('a collection that fails is tried again', async () => {
  const { state, pass } = simulated({ heldMegabytes: 100 });
  state.failure = new Error('no');
  await pass(0);
  expect(state.collections).toBe(0);
  state.failure = undefined;
  await pass(0);
  expect(state.collections).toBe(1);
});

test('this very process is collected', async () => {
  const clock = new SimulatedClock();
  collectWhenIdle({ clock, logger: silentLogger });
  const weak = new WeakRef({ nobody: 'refers to this' });
  await clock.advance(15_000);
  await expect.poll(() => weak.deref(), { timeout: 60_000 }).toBeUndefined();
});
