// Programs that end are started again, those that say that they were told wrong are not, and none outlives its supervisor.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@berth/telemetry';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pauseMs, Supervisor, steadyMs } from './supervisor.ts';

let directory: string;
let supervisor: Supervisor;
const gaveUp = vi.fn();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'berth-supervisor-'));
  gaveUp.mockReset();
  supervisor = new Supervisor({ clock: systemClock, logger: silentLogger, gaveUp });
});
afterEach(async () => {
  await supervisor.stop();
  rmSync(directory, { recursive: true });
});

const pidFile = () => join(directory, 'pid');
const shell = (script: string) => ['/bin/sh', '-c', script];
const pid = () => (existsSync(pidFile()) ? Number(readFileSync(pidFile(), 'utf8')) : 0);

async function isGone(id: number): Promise<void> {
  await vi.waitFor(() => expect(existsSync(`/proc/${id}`)).toBe(false), { timeout: 60_000, interval: 5 });
}

test('one that is killed runs again, and ends with its supervisor', async () => {
  supervisor.run({ name: 'p', command: shell(`echo $$ > ${pidFile()}; exec sleep 1000`) });
  const first = await vi.waitUntil(pid, { timeout: 60_000, interval: 5 });
  process.kill(first, 'SIGKILL');
  const second = await vi.waitUntil(() => (pid() === first ? 0 : pid()), { timeout: 60_000, interval: 5 });
  await supervisor.stop();
  await isGone(second);
});

test('one that ended of wrong usage is given up', async () => {
  supervisor.run({ name: 'p', command: shell('exit 2') });
  await vi.waitUntil(() => gaveUp.mock.calls.length > 0, { timeout: 60_000, interval: 5 });
  expect(gaveUp).toHaveBeenCalledExactlyOnceWith('p');
});

test('pauses grow and are bounded', () => {
  expect([1, 2, 3, 4, 5, 1000].map(pauseMs)).toEqual([500, 1000, 2000, 4000, 5000, 5000]);
});

test('one that had run for a while starts again at once, whatever its starts were like before', async () => {
  // Every run lasts as long as this says, until it is killed.
  let [nowMs, ranMs] = [0, 1];
  const warnings: unknown[] = [];
  const logger = { ...silentLogger, warn: (_: string, about?: Record<string, unknown>) => void warnings.push(about?.delayMs) };
  const monotonicMs = () => {
    nowMs += ranMs;
    return nowMs;
  };
  const clock = { ...systemClock, monotonicMs };
  supervisor = new Supervisor({ clock, logger, gaveUp });
  supervisor.run({ name: 'p', command: shell(`echo $$ > ${pidFile()}; exec sleep 1000`) });
  let last = 0;
  for (ranMs of [1, 1, steadyMs]) {
    const running = await vi.waitUntil(() => (pid() === last ? 0 : pid()), { timeout: 60_000, interval: 5 });
    process.kill(running, 'SIGKILL');
    last = running;
    const before = warnings.length;
    await vi.waitUntil(() => warnings.length > before, { timeout: 60_000, interval: 5 });
  }
  expect(warnings).toEqual([500, 1000, 0]);
});
