import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { standardErrorLines } from './standard-error.ts';

test('lines go into a file that is redirected to', () => {
  const directory = mkdtempSync(join(tmpdir(), 'berth-log-'));
  const fd = openSync(join(directory, 'log'), 'a');
  try {
    const write = standardErrorLines(fd);
    write('one\n');
    write('two\n');
    expect(readFileSync(join(directory, 'log'), 'utf8')).toBe('one\ntwo\n');
  } finally {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  }
});

test('a file that cannot be written ends nothing', () => {
  const directory = mkdtempSync(join(tmpdir(), 'berth-log-'));
  const fd = openSync(join(directory, 'log'), 'a');
  const write = standardErrorLines(fd);
  closeSync(fd);
  rmSync(directory, { recursive: true });
  expect(() => write('lost\n')).not.toThrow();
});
