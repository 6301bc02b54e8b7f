import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { ProcessFolder } from './processes.ts';
import { requireRoot } from './require-root.ts';

let directory: string;
let processes: ProcessFolder;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'berth-processes-'));
  processes = new ProcessFolder(directory);
});
afterEach(async () => {
  await processes.stop('one');
  rmSync(directory, { recursive: true });
});

const ended = (): Promise<true> => eventually('the end of the process', 10_000, async () => !processes.running('one') || undefined);

test('the end of the log is that of the newest process, not of the ones before it', async () => {
  processes.start('one', ['/bin/sh', '-c', 'echo first failed']);
  await ended();
  processes.start('one', ['/bin/sh', '-c', 'echo second failed']);
  await ended();
  expect(processes.tail('one')).toBe('second failed');
  expect(readFileSync(processes.logFile('one'), 'utf8')).toBe('first failed\nsecond failed\n');
});

test.each(['', 'garbage', 'null', '[]', '{"pid":"1"}', '{"pid":1}'])('a record that holds %j is named, with what to do', (content) => {
  const file = join(directory, 'run', 'one.json');
  mkdirSync(join(directory, 'run'));
  writeFileSync(file, content);
  try {
    expect(() => processes.running('one')).toThrow(`${file} does not say which process one is`);
  } finally {
    rmSync(file);
  }
});

test('a stranger that was given the pid is not taken for the process', () => {
  mkdirSync(join(directory, 'run'));
  writeFileSync(join(directory, 'run', 'one.json'), JSON.stringify({ pid: process.pid, startTicks: '1' }));
  expect(processes.running('one')).toBeUndefined();
});

test('whoever is not root is told how to become it', () => {
  expect(() => requireRoot('npm run up', 1000)).toThrow('has to run as root, not as user 1000: sudo npm run up');
  expect(() => requireRoot('npm run up', 0)).not.toThrow();
});
