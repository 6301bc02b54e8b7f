import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerInfo } from '@berth/runtime';
import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LogKeeper, type LogKeeperDeps } from './log-keeper.ts';
import { readTerminationMessage } from './termination-message.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-logs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const container = (name: string, state: ContainerInfo['state'] = 'running') => ({ id: name, name, state, attempt: 0 }) as ContainerInfo;

/** Logs of 100 bytes are too long. */
function keeperOf(containers: () => ContainerInfo[], more: Partial<LogKeeperDeps> = {}) {
  const clock = new SimulatedClock();
  const reopened: string[] = [];
  const keeper = new LogKeeper({
    ...{ clock, logger: silentLogger, limits: { maxBytes: 100, maxFiles: 3 }, root: folder, version: () => containers().length },
    logPath: ({ name }) => (name === 'stranger' ? undefined : join(folder, name)),
    runtime: {
      listContainers: async () => containers(),
      reopenLog: async (id) => {
        reopened.push(id);
        await writeFile(join(folder, id), '');
      },
    },
    ...more,
  });
  return { keeper, clock, reopened };
}

test('the long logs of running containers are rotated within a second, and what was rotated before is compressed', async () => {
  for (const name of ['long', 'short', 'ended', 'stranger']) await writeFile(join(folder, name), name === 'short' ? 'x' : 'x'.repeat(200));
  await writeFile(join(folder, 'long.20260101-000000.000'), 'older');
  const stop = new AbortController();
  const { keeper, clock, reopened } = keeperOf(() => [
    container('broken'),
    container('long'),
    container('short'),
    container('ended', 'exited'),
    container('stranger'),
  ]);
  const running = keeper.run(stop.signal);
  await clock.advance(900);
  expect(reopened).toEqual([]);
  await clock.advance(200);
  await expect.poll(() => reopened).toEqual(['long']);
  await expect.poll(() => readdir(folder)).toContain('long.20260101-000000.000.gz');
  stop.abort();
  await running;
  expect((await readdir(folder)).filter((name) => name.startsWith('long'))).toHaveLength(3);
  expect(await readFile(join(folder, 'long'), 'utf8')).toBe('');
});

test('a container that has just been made is looked at without waiting for the next list, and one that grows quickly more often', async () => {
  const containers: ContainerInfo[] = [];
  const { keeper, reopened } = keeperOf(() => containers);
  expect(await keeper.look()).toBe(1_000);
  containers.push(container('busy', 'created'));
  expect(await keeper.look()).toBe(1_000);
  await writeFile(join(folder, 'busy'), 'x'.repeat(30));
  expect(await keeper.look()).toBe(100);
  expect(await keeper.look()).toBe(1_000);
  containers[0] = container('busy');
  await writeFile(join(folder, 'busy'), 'x'.repeat(300));
  expect(await keeper.look()).toBe(100);
  expect(reopened).toEqual(['busy']);
});

test('a container that ended before its log was rotated is left alone', async () => {
  const containers = [container('ended')];
  const { keeper, reopened } = keeperOf(() => containers);
  await keeper.look();
  await writeFile(join(folder, 'ended'), 'x'.repeat(300));
  containers[0] = container('ended', 'exited');
  await keeper.look();
  expect([reopened, await readdir(folder)]).toEqual([[], ['ended']]);
});

test('the termination message is what the container left, or the end of its log where that is asked for', async () => {
  const file = join(folder, 'message');
  const instance = {
    attempt: 0,
    exitCode: 1,
    annotations: { 'io.kubernetes.container.terminationMessageHostPath': file },
  } as unknown as ContainerInfo;
  await mkdir(join(folder, 'main'));
  const lines = Array.from({ length: 100 }, (_, i) => `2026-01-01T00:00:00.000000000Z stdout F line ${i}`);
  await writeFile(join(folder, 'main', '0.log'), `${lines.join('\n')}\n`);
  const read = (policy?: string, exitCode = 1) =>
    readTerminationMessage(
      folder,
      { name: 'main', image: 'x', ...(policy && { terminationMessagePolicy: policy }) },
      { ...instance, exitCode },
    );
  expect(await read()).toBe('');
  const fromLog = (await read('FallbackToLogsOnError')).split('\n');
  expect(fromLog.at(-1)).toBe('line 99');
  expect(fromLog.length).toBeLessThanOrEqual(80);
  expect(await read('FallbackToLogsOnError', 0)).toBe('');
  await writeFile(file, `${'x'.repeat(5000)}end`);
  const message = await read('FallbackToLogsOnError');
  expect(message).toHaveLength(4096);
  await rm(file);
  await writeFile(join(folder, 'secret'), 'of the host');
  await symlink(join(folder, 'secret'), file);
  expect(await read()).toBe('');
  await rm(join(folder, 'main'), { recursive: true });
  await mkdir(join(folder, 'elsewhere'));
  await writeFile(join(folder, 'elsewhere', '0.log'), lines.join('\n'));
  await symlink(join(folder, 'elsewhere'), join(folder, 'main'));
  expect(await read('FallbackToLogsOnError')).toBe('');
  expect(message.endsWith('xend')).toBe(true);
});
