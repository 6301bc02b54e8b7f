import { type Logger, silentLogger } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { keepRunning } from './keep-running.ts';

test('neither a look nor a start that fails ends the looking', async () => {
  const stopping = new AbortController();
  const did: string[] = [];
  const logger: Logger = { ...silentLogger, error: (message, fields) => did.push(`${message}: ${fields?.error}`) };
  const looks = [true, new Error('EMFILE: too many open files'), false, false, true];
  const isRunning = async () => {
    const look = looks.shift();
    if (looks.length === 0) stopping.abort();
    if (look instanceof Error) throw look;
    return look ?? true;
  };
  const starts = [new Error('containerd does not answer'), undefined];
  const start = async () => {
    did.push('start');
    const failure = starts.shift();
    if (failure) throw failure;
  };
  await keepRunning({ isRunning, start, clock: { sleep: async () => undefined }, logger }, stopping.signal);
  expect(did).toEqual([
    'containerd could not be looked after; trying again: Error: EMFILE: too many open files',
    'start',
    'containerd could not be looked after; trying again: Error: containerd does not answer',
    'start',
  ]);
});
