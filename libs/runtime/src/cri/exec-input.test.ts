import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Clock, systemClock } from '@berth/telemetry';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ExecSession } from '../runtime.ts';
import { ExecInputs } from './exec-input.ts';
import { SilentEndError, StreamingError } from './streaming.ts';

const run = promisify(execFile);
let stateDirectory: string;

beforeEach(async () => {
  stateDirectory = await mkdtemp('/tmp/bei-');
});
afterEach(() => rm(stateDirectory, { recursive: true, force: true }));

/** A session as the runtime opens it: with a pipe for its input, and an end that the test decides. */
async function begun(processEnd: (execId: string) => Promise<number | undefined>) {
  const folder = join(stateDirectory, 'containers', 'c', 'io', '1');
  await mkdir(folder, { recursive: true });
  const pipe = join(folder, 'e-stdin');
  const exit = Promise.withResolvers<number>();
  let isClosed = false;
  const opened: ExecSession = {
    exit: exit.promise,
    resize: () => undefined,
    close: () => {
      isClosed = true;
    },
  };
  const inputs = new ExecInputs({
    ...{ clock: systemClock, stateDirectory: async () => stateDirectory },
    processEnd: (containerId, execId) => (containerId === 'c' ? processEnd(execId) : Promise.resolve(undefined)),
  });
  const session = await inputs.open('c', async () => {
    await run('mkfifo', [pipe]);
    return opened;
  });
  return { session, exit, pipe, isClosed: () => isClosed };
}

test('what nobody reads is taken out of the way once the command has ended, and the result is the runtime’s', async () => {
  const ended = Promise.withResolvers<number>();
  const { session, exit, pipe } = await begun(() => ended.promise);
  // As the runtime's shim, which keeps the pipe open and does not read.
  await using reader = await open(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  await using writer = await open(pipe, constants.O_WRONLY);
  const written = writer.write(Buffer.alloc(1_000_000)).then(() => exit.resolve(5));
  ended.resolve(5);
  expect(await session.exit).toBe(5);
  await written;
  expect(reader.fd).toBeGreaterThan(0);
});

test('a result that was lost with the connection is the one that the runtime knows of the process', async () => {
  const { session, exit } = await begun(async (execId) => (execId === 'e' ? 7 : undefined));
  exit.reject(new SilentEndError());
  expect(await session.exit).toBe(7);
});

test('where the process is not known, and where the runtime gave a reason, the error stands', async () => {
  const unknown = await begun(async () => undefined);
  unknown.exit.reject(new SilentEndError());
  await expect(unknown.session.exit).rejects.toThrow('the connection to the container runtime ended before the command did');
  await rm(unknown.pipe);
  const refused = await begun(async () => 7);
  refused.exit.reject(new StreamingError('no such file or directory'));
  await expect(refused.session.exit).rejects.toThrow('no such file or directory');
});

test('sessions of one container find their own pipes, also beside those that were left behind', async () => {
  const folder = join(stateDirectory, 'containers', 'c', 'io');
  const asked: string[] = [];
  const inputs = new ExecInputs({
    ...{ clock: systemClock, stateDirectory: async () => stateDirectory },
    // As before the process is made: at first nobody knows it.
    processEnd: async (_containerId, execId) => {
      asked.push(execId);
      return asked.filter((id) => id === execId).length > 2 ? 0 : undefined;
    },
  });
  const codes = Array.from({ length: 5 }, async (_, index) => {
    const session = await inputs.open('c', async () => {
      await mkdir(join(folder, String(9 - index)), { recursive: true });
      await run('mkfifo', [join(folder, String(9 - index), `e${index}-stdin`)]);
      const exit = Promise.reject(new SilentEndError());
      exit.catch(() => undefined);
      return { exit, resize: () => undefined, close: () => undefined };
    });
    return session.exit;
  });
  expect(await Promise.all(codes)).toEqual([0, 0, 0, 0, 0]);
  expect(new Set(asked)).toEqual(new Set(['e0', 'e1', 'e2', 'e3', 'e4']));
});

test('a session that never tells its result is closed with the code of its process', { timeout: 20_000 }, async () => {
  const { session, isClosed } = await begun(async () => 9);
  expect(await session.exit).toBe(9);
  expect(isClosed()).toBe(true);
});

test('input that cannot be taken out of the way is left, and ends no process', async () => {
  const unowned: unknown[] = [];
  const note = (error: unknown) => void unowned.push(error);
  process.on('unhandledRejection', note);
  const folder = join(stateDirectory, 'containers', 'c', 'io', '1', 'e-stdin');
  await mkdir(folder, { recursive: true });
  const exit = Promise.withResolvers<number>();
  let pauses = 0;
  const clock: Clock = {
    ...systemClock,
    sleep: (delayMs, signal) => {
      pauses++;
      return systemClock.sleep(Math.min(delayMs, 1), signal);
    },
  };
  const inputs = new ExecInputs({ clock, stateDirectory: async () => stateDirectory, processEnd: async () => 3 });
  const session = await inputs.open('c', async () => ({ exit: exit.promise, resize: () => undefined, close: () => undefined }));
  // A folder can be opened like a pipe, but not read.
  await vi.waitFor(() => expect(pauses > 3 || unowned.length > 0).toBe(true), { timeout: 15_000, interval: 5 });
  exit.resolve(3);
  expect(await session.exit).toBe(3);
  process.off('unhandledRejection', note);
  expect(unowned).toEqual([]);
});
