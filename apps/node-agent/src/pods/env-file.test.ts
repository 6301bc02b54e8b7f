import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { envFileValue, fileVariables } from './env-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-env-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test.each([
  ["A='1'", 'A', '1'],
  ["# a\n\n  A='$HOME \\n'  # said\nB='2'", 'A', '$HOME \\n'],
  ["A='one\ntwo'\nB='2'", 'A', 'one\ntwo'],
  ["A='one\ntwo'\nB='2'", 'B', '2'],
  ["A= '1'\nB='2'", 'A', ''],
  ["A= '1'\nB='2'", 'B', '2'],
  ["A='1'\r\nB='2'\r\n", 'B', '2'],
  ["A='1'", 'Z', ''],
  ['', 'A', ''],
])('%j has %s: %j', (text, key, value) => {
  expect(envFileValue(text, key)).toBe(value);
});

test.each([
  ['A', "at line 1: missing '='"],
  ["\n='1'", 'at line 2: empty variable name'],
  ["A ='1'", "at line 1: whitespace before '=' is not allowed"],
  ['A=1', 'at line 1: value must be enclosed in single quotes'],
  ["A='1' 2", 'at line 1: unexpected content after closing quote'],
  ["A='1\n2", 'starting at line 1: unclosed single quote'],
])('%j is refused: %s', (text, why) => {
  expect(() => envFileValue(text, 'Z')).toThrow(`invalid environment variable format ${why}`);
});

const asking = (path: string, more: object = {}) => ({
  name: 'main',
  env: [{ name: 'V', valueFrom: { fileKeyRef: { volumeName: 'made', path, key: 'A', ...more } } }],
});
const read = async (path: string, more: object = {}) => (await fileVariables(asking(path, more), new Map([['made', folder]]))).get('V');

test('a variable is read from a file of the volume, and what may be absent is', async () => {
  await mkdir(join(folder, 'in'));
  await writeFile(join(folder, 'in', 'file.env'), "A='1'\n");
  expect(await read('in/file.env')).toBe('1');
  expect(await read('./in//file.env')).toBe('1');
  expect(await read('in/file.env', { key: 'Z', optional: true })).toBeUndefined();
  await expect(read('in/file.env', { key: 'Z' })).rejects.toThrow('environment variable key "Z" not found in file "in/file.env"');
  await expect(fileVariables(asking('file'), new Map())).rejects.toThrow('cannot find the volume "made" referenced by FileKeyRef');
});

test('no link, pipe, folder or huge file of a container leads the agent anywhere', async () => {
  const outside = await mkdtemp(join(tmpdir(), 'berth-outside-'));
  try {
    await writeFile(join(outside, 'secret'), "A='secret'\n");
    await symlink(join(outside, 'secret'), join(folder, 'link'));
    await symlink(outside, join(folder, 'folder'));
    await promisify(execFile)('mkfifo', [join(folder, 'pipe')]);
    await writeFile(join(folder, 'huge'), Buffer.alloc(1024 * 1024 + 1, '#'));
    for (const path of ['link', 'folder/secret', 'pipe', '.', '../secret', 'none', 'huge']) {
      await expect(read(path), path).rejects.toMatchObject({
        name: 'ConfigError',
        message: expect.stringContaining("couldn't parse env file"),
      });
    }
  } finally {
    await rm(outside, { recursive: true, force: true });
  }
});
