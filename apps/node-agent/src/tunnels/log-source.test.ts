// Whose log is read, by what the kubelet reads in each state of a container.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerState, ContainerStatus } from '@berth/api';
import type { TunnelRequest } from '@berth/protocol';
import type { ContainerInfo } from '@berth/runtime';
import { systemClock } from '@berth/telemetry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LogFiles } from './log-source.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-logs-'));
  for (const run of [0, 1, 2]) await writeFile(join(directory, `${run}.log`), `2026-01-01T00:00:0${run}.000000000Z stdout F run ${run}\n`);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const run = (attempt: number, state: ContainerInfo['state'] = 'exited') =>
  ({ id: `c${attempt}`, name: 'app', attempt, state, logPath: join(directory, `${attempt}.log`) }) as ContainerInfo;
const terminated = (attempt: number): ContainerState => ({ terminated: { exitCode: 1, containerID: `containerd://c${attempt}` } });
const status = (state: ContainerState, lastState: ContainerState = {}): ContainerStatus => ({
  ...{ name: 'app', image: 'app', imageID: '', ready: false, restartCount: 1 },
  ...{ state, lastState },
});
const crashLoop: ContainerState = { waiting: { reason: 'CrashLoopBackOff' } };
const running: ContainerState = { running: {} };

/** @param instances newest first */
async function read(previous: boolean, instances: ContainerInfo[], shown: ContainerStatus | undefined): Promise<string> {
  const logs = new LogFiles({ runtime: { containerStatus: async () => undefined }, clock: systemClock, podLogDirectory: () => directory });
  const request = { container: 'app', pod: 'web', log: { previous, follow: false, timestamps: false } } as TunnelRequest;
  const pod = { apiVersion: 'v1' as const, kind: 'Pod' as const, metadata: { name: 'web' }, spec: { containers: [] } };
  const open = await logs.open(request, { pod, instances, status: shown, sandboxId: undefined, address: undefined });
  const chunks: Uint8Array[] = [];
  for await (const chunk of open(new AbortController().signal)) chunks.push(chunk);
  return Buffer.concat(chunks).toString().trim();
}

test('while a container waits to be started again, its last run is the former one, and the one that is read', async () => {
  const instances = [run(1), run(0)];
  const shown = status(crashLoop, terminated(1));
  expect([await read(true, instances, shown), await read(false, instances, shown)]).toEqual(['run 1', 'run 1']);
  // Of its first crash there is no run before.
  expect(await read(true, [run(0)], status(crashLoop, terminated(0)))).toBe('run 0');
});

test('while it runs, or has ended for good, the former one is the run before', async () => {
  expect(await read(true, [run(1, 'running'), run(0)], status(running, terminated(0)))).toBe('run 0');
  expect(await read(false, [run(1, 'running'), run(0)], status(running, terminated(0)))).toBe('run 1');
  expect(await read(true, [run(2), run(1), run(0)], status(terminated(2), terminated(1)))).toBe('run 1');
  expect(await read(false, [run(2), run(1), run(0)], status(terminated(2), terminated(1)))).toBe('run 2');
  // What is made and not started yet has said nothing.
  expect(await read(false, [run(2, 'created'), run(1)], status(crashLoop, terminated(1)))).toBe('run 1');
});

test('a former run that there was not, or that is gone, is not found', async () => {
  const missing = 'previous terminated container "app" in pod "web" not found';
  await expect(read(true, [run(0, 'running')], status(running))).rejects.toThrow(missing);
  await expect(read(true, [run(0)], status(terminated(0)))).rejects.toThrow(missing);
  await expect(read(true, [run(2, 'running')], status(running, terminated(1)))).rejects.toThrow(missing);
  await expect(read(true, [], undefined)).rejects.toThrow(missing);
});

test.each([
  ['ErrImagePull', "image can't be pulled"],
  ['ImagePullBackOff', 'trying and failing to pull image'],
  ['CreateContainerConfigError', 'CreateContainerConfigError'],
])('what has not started says what it waits for: %s', async (reason, said) => {
  const message = `container "app" in pod "web" is waiting to start: ${said}`;
  await expect(read(false, [], status({ waiting: { reason } }))).rejects.toThrow(message);
});
