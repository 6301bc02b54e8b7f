// Programs that end are started again, those that say that they were told wrong are not, and none outlives its supervisor.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@berth/telemetry';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pauseMs, Supervisor } from './supervisor.ts';

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
  expect([0, 1, 2, 3, 4, 1000].map(pauseMs)).toEqual([500, 1000, 2000, 4000, 5000, 5000]);
});
