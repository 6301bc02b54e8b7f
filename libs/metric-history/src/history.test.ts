// Whatever was recorded is found, over restarts and kills, within its bounds, and with a disk that is full.
import { mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Meter, parseSelector } from '@berth/promql';
import { silentLogger } from '@berth/telemetry';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Files, realFiles } from './block-files.ts';
import { type HistoryOptions, MetricHistory } from './history.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-metric-history-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function opened(options: Partial<HistoryOptions> = {}): Promise<MetricHistory> {
  const history = new MetricHistory({ directory, logger: silentLogger, ticksOfBlock: 4, ...options });
  await history.open();
  return history;
}

const minute = 60_000;
const base = 1.7e12;

async function record(history: MetricHistory, minutes: number, values: Record<string, number>): Promise<void> {
  const found = Object.entries(values).flatMap(([pod, value]) => {
    const series = history.series({ __name__: 'm', pod });
    return series ? [[series, value] as const] : [];
  });
  await history.record(base + minutes * minute, new Map(found));
}

/** Pod → minute → value; `end` where a series ended. */
async function kept(history: MetricHistory, text = 'm', from = -1, to = 1e6): Promise<Record<string, Record<number, number | 'end'>>> {
  const meter = new Meter({ valuesMax: 1e6, workMax: 1e8, turn: async () => {} });
  const found = await history.select(parseSelector(text), base + from * minute, base + to * minute, meter);
  return Object.fromEntries(
    found.map(({ labels, timesMs, values }) => [
      labels.pod,
      Object.fromEntries(
        Array.from(timesMs, (timeMs, index) => {
          const value = values[index] ?? Number.NaN;
          return [(timeMs - base) / minute, Number.isNaN(value) ? 'end' : value];
        }),
      ),
    ]),
  );
}

describe('MetricHistory', () => {
  it('finds what was recorded, wherever the process ended', async () => {
    const tick = fc.record({
      values: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat(1000)),
      next: fc.constantFrom('go on', 'go on', 'go on', 'restart', 'be killed in the middle of a write'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(tick, { maxLength: 14 }), async (ticks) => {
        await rm(directory, { recursive: true, force: true });
        let history = await opened();
        const model: Record<string, Record<number, number | 'end'>> = {};
        for (const [index, { values, next }] of ticks.entries()) {
          await record(history, index, values);
          for (const [pod, value] of Object.entries(values)) model[pod] = { ...model[pod], [index]: value };
          for (const [pod, known] of Object.entries(model)) {
            if (values[pod] === undefined && typeof known[index - 1] === 'number') known[index] = 'end';
          }
          if (next === 'go on') continue;
          if (next !== 'restart') await tearJournal();
          history = await opened();
        }
        expect(await kept(history)).toEqual(model);
      }),
      { numRuns: 40 },
    );
  });

  /** A frame of which the first bytes reached the disk, after what is there. */
  async function tearJournal(): Promise<void> {
    const journals = (await readdir(directory)).filter((name) => name.endsWith('.journal')).sort();
    const newest = journals.at(-1);
    if (newest) await realFiles.append(join(directory, newest), Uint8Array.of(40, 0, 0, 0, 1, 2, 3));
  }

  it('loses a tick whose frame is torn, and no other', async () => {
    const history = await opened();
    for (const index of [0, 1, 2]) await record(history, index, { a: index });
    const [journal = ''] = await readdir(directory);
    const path = join(directory, journal);
    await truncate(path, (await readFile(path)).length - 1);
    expect(await kept(await opened())).toEqual({ a: { 0: 0, 1: 1 } });
  });

  it('reads the time that is asked for, and the series', async () => {
    const history = await opened();
    for (let index = 0; index < 10; index++) await record(history, index, { a: index, b: -index });
    expect(await kept(history, 'm{pod="b"}', 2, 5)).toEqual({ b: { 3: -3, 4: -4, 5: -5 } });
    expect(await kept(history, 'm{pod=~"a|x"}', 8)).toEqual({ a: { 9: 9 } });
    expect(await kept(history, 'other')).toEqual({});
  });

  it('forgets what is too old, and series with it', async () => {
    const history = await opened({ keptMs: 10 * minute, seriesMax: 2 });
    for (let index = 0; index < 4; index++) await record(history, index, { old: 1 });
    for (let index = 4; index < 24; index++) await record(history, index, { a: 1 });
    expect(Object.keys(await kept(history))).toEqual(['a']);
    expect(history.size.series).toBe(1);
    expect(history.size.blocks).toBeLessThanOrEqual(4);
  });

  it('takes no more bytes than it may', async () => {
    const bytesMax = 4000;
    const history = await opened({ bytesMax });
    for (let index = 0; index < 200; index++) {
      await record(history, index, { a: Math.sin(index), b: Math.cos(index), c: Math.tan(index) });
      expect(history.size.bytes).toBeLessThanOrEqual(bytesMax);
    }
    const [last = ''] = Object.keys((await kept(history)).a ?? {}).slice(-1);
    expect(last).toBe('199');
  });

  it('takes no more series than it may, and counts those', async () => {
    const history = await opened({ seriesMax: 2 });
    await record(history, 0, { a: 1, b: 2, c: 3 });
    expect(await kept(history)).toEqual({ a: { 0: 1 }, b: { 0: 2 } });
    expect(history.size).toMatchObject({ series: 2, refused: 1 });
  });

  it('goes on with a full disk, gives room back, and records again when there is some', async () => {
    let isFull = false;
    const refuse = async () => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    };
    const files: Files = {
      write: (path, bytes) => (isFull ? refuse() : realFiles.write(path, bytes)),
      append: (path, bytes) => (isFull ? refuse() : realFiles.append(path, bytes)),
    };
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    const history = await opened({ files, logger });
    for (let index = 0; index < 17; index++) await record(history, index, { a: index });
    const before = history.size;
    isFull = true;
    for (let index = 17; index < 23; index++) await record(history, index, { a: index });
    expect(history.size.bytes).toBeLessThanOrEqual(before.bytes / 2);
    expect(warnings).toHaveLength(1);
    isFull = false;
    for (let index = 23; index < 30; index++) await record(history, index, { a: index });
    const reopened = await kept(await opened());
    expect(Object.keys(reopened.a ?? {}).map(Number)).toEqual(expect.arrayContaining([23, 24, 25, 26, 27, 28, 29]));
    expect((await readdir(directory)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('goes on with a series that was given out before what was kept of it was lost', async () => {
    const files: Files = {
      write: async () => {
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      },
      append: realFiles.append,
    };
    const history = await opened({ files });
    const series = history.series({ __name__: 'm', pod: 'a' });
    if (!series) throw new Error('no room for one series');
    for (let index = 0; index < 6; index++) await history.record(base + index * minute, new Map([[series, index]]));
    expect(await kept(history)).toEqual({ a: { 4: 4, 5: 5 } });
  });

  it('removes a block that is damaged, and has the rest', async () => {
    const history = await opened();
    for (let index = 0; index < 9; index++) await record(history, index, { a: index });
    const [first = ''] = (await readdir(directory)).filter((name) => name.endsWith('.block')).sort();
    await truncate(join(directory, first), 30);
    expect(await kept(await opened())).toEqual({ a: { 4: 4, 5: 5, 6: 6, 7: 7, 8: 8 } });
    expect(await readdir(directory)).not.toContain(first);
  });

  it('goes on from a clock that had been in the future', async () => {
    const history = await opened();
    for (const at of [0, 1, 2, 3, 4, 1000, 1001, 1002, 1003, 1004]) await record(history, at, { a: at });
    await record(history, 6, { a: 6 });
    expect(Object.values(await kept(history))[0]).toMatchObject({ 0: 0, 3: 3, 6: 6 });
    expect(history.newestMs).toBe(base + 6 * minute);
    expect(await kept(await opened())).toEqual(await kept(history));
  });
});
