import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { provideDataDirectory } from './data-directory.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'berth-data-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

test("anybody passes to containerd's folder and to nothing else, also where an earlier version made the folders", async () => {
  const [fresh, earlier] = [join(parent, 'lib', 'fresh'), join(parent, 'earlier')];
  for (const name of ['c', 'pods', 'volumes']) mkdirSync(join(earlier, name), { recursive: true, mode: 0o755 });
  chmodSync(earlier, 0o700);
  for (const directory of [fresh, earlier]) {
    await provideDataDirectory(directory);
    const mode = (path: string) => statSync(path).mode & 0o777;
    expect([mode(directory), mode(join(directory, 'c'))]).toEqual([0o711, 0o711]);
    const others = readdirSync(directory).filter((name) => name !== 'c');
    expect(others).toEqual(expect.arrayContaining(['identity', 'pods', 'volumes']));
    for (const name of others) expect([name, mode(join(directory, name))]).toEqual([name, 0o700]);
  }
  expect(statSync(join(parent, 'lib')).mode & 0o111).toBe(0o111);
});
