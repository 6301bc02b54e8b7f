import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AuditLog } from './audit-log.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-audit-'));
});
afterEach(() => rm(directory, { recursive: true }));

const open = (clock: SimulatedClock, fileBytesMax: number) =>
  AuditLog.open({ file: join(directory, 'audit.log'), fileBytesMax, backupsMax: 2, clock, logger: silentLogger });

test('events come out in the order in which they went in, across openings', async () => {
  const clock = new SimulatedClock();
  for (const from of [0, 100]) {
    const log = await open(clock, 1e6);
    for (let number = from; number < from + 100; number++) log.write({ number });
    await log.close();
  }
  const lines = (await readFile(join(directory, 'audit.log'), 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).number)).toEqual(Array.from({ length: 200 }, (_, number) => number));
});

test('a full log is renamed, and only the newest are kept', async () => {
  const clock = new SimulatedClock();
  for (let number = 0; number < 6; number++) {
    await clock.advance(1000);
    const next = await open(clock, 100);
    next.write({ number, padding: 'x'.repeat(60) });
    await next.close();
  }
  const names = (await readdir(directory)).sort();
  expect(names).toHaveLength(3);
  const numbers = await Promise.all(names.map(async (name) => JSON.parse(await readFile(join(directory, name), 'utf8')).number));
  expect(numbers.sort()).toEqual([3, 4, 5]);
});

test('a writer waits when the disk does not keep up', async () => {
  const log = await open(new SimulatedClock(), 1e9);
  expect(log.write({ small: true })).toBeUndefined();
  expect(log.write({ large: 'x'.repeat(2 * 1024 * 1024) })).toBeInstanceOf(Promise);
  await log.close();
});
