import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commit, put, text } from './contract.ts';
import { History, type HistoryOptions } from './history.ts';
import { MemoryStore } from './memory/memory-store.ts';
import { CompactedError } from './store.ts';

/** Between two looks at the clock. */
const stepMs = 300_000;

function begin(options: HistoryOptions): { store: MemoryStore; clock: SimulatedClock } {
  const clock = new SimulatedClock();
  const store = new MemoryStore({ clock });
  const history = new History(store, clock, silentLogger, options);
  history.start();
  onTestFinished(() => history.stop());
  return { store, clock };
}

describe('the history', () => {
  it('keeps what is younger than its age, and forgets what is older', async () => {
    const { store, clock } = begin({ historyMs: 10 * stepMs });
    const old = await commit(store, put('/a', 'old'));
    await commit(store, put('/a', 'newer'));
    await clock.advance(5 * stepMs);
    const recent = await commit(store, put('/a', 'recent'));
    await commit(store, put('/a', 'now'));
    await clock.advance(4 * stepMs);
    expect(text((await store.get('/a', old)).kv?.value)).toBe('old');
    await clock.advance(4 * stepMs);
    await expect(store.get('/a', old)).rejects.toThrow(CompactedError);
    expect(text((await store.get('/a', recent)).kv?.value)).toBe('recent');
  });

  it('forgets earlier when more is written than may be kept', async () => {
    const { store, clock } = begin({ revisionsMax: 100 });
    const old = await commit(store, put('/a', 'old'));
    await clock.advance(stepMs);
    for (let i = 0; i < 200; i++) await commit(store, put('/a', String(i)));
    await clock.advance(stepMs);
    await expect(store.get('/a', old)).rejects.toThrow(CompactedError);
  });

  it('writes nothing while nobody else does', async () => {
    const { store, clock } = begin({});
    for (let i = 0; i < 100; i++) await commit(store, put('/a', String(i)));
    await clock.advance(2 * stepMs);
    const revision = await store.revision();
    await clock.advance(60 * stepMs);
    expect(await store.revision()).toBe(revision);
  });
});
