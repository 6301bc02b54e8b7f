// State that a newer build wrote is left alone.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkStateVersion, stateVersion } from './state-version.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-state-'));
});
afterEach(() => rm(directory, { recursive: true }));

const noted = () => readFile(join(directory, 'state-version'), 'utf8');

test('the version is noted at the first start, and by the build that raises it', async () => {
  await checkStateVersion(directory);
  expect(await noted()).toBe(`${stateVersion}\n`);
  await checkStateVersion(directory);
});

test('a newer one is refused in words and stays', async () => {
  await writeFile(join(directory, 'state-version'), '7\n');
  await expect(checkStateVersion(directory)).rejects.toThrow(
    `is of version 7, and this build knows ${stateVersion} at most: run the build that wrote it`,
  );
  expect(await noted()).toBe('7\n');
});

test.each(['', 'x', '-1', '1.5'])('garbage (%j) is named', async (text) => {
  await writeFile(join(directory, 'state-version'), text);
  await expect(checkStateVersion(directory)).rejects.toThrow(`${join(directory, 'state-version')} holds no number`);
});

test('packages refuse to be installed over what this build would not start on', async () => {
  const script = await readFile(new URL('../../../deploy/package/debian/preinst', import.meta.url), 'utf8');
  expect(script).toContain(`\nknown=${stateVersion}\n`);
});
