// An archive's bytes depend on what is in it alone, and an installed Berth has the npm packages that its programs load, with theirs.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeDeb, makeTarGz, sha256 } from './archives.ts';
import { setModes } from './installed-folder.ts';
import { runtimePackages } from './runtime-packages.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'berth-package-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), text);
}

/** The same files, made in another order, at another time, with other rights. */
async function tree(name: string, files: string[], timeSeconds: number, mode: number): Promise<string> {
  for (const file of files) {
    write(`${name}/root/${file}`, `of ${file}`);
    utimesSync(join(directory, name, 'root', file), timeSeconds, timeSeconds);
    chmodSync(join(directory, name, 'root', file), mode);
  }
  const folder = join(directory, name, 'root');
  await setModes(folder, new Set(['usr/bin/b']));
  return folder;
}

test('the same files give the same .tar.gz and .deb', async () => {
  const files = ['etc/berth/server.yaml', 'usr/bin/b', 'usr/bin/a', 'usr/lib/x/y'];
  const digests = [];
  for (const [name, order, timeSeconds, mode] of [
    ['one', files, 1_800_000_000, 0o600],
    ['two', files.toReversed(), 1_900_000_000, 0o755],
  ] as const) {
    const folder = await tree(name, [...order], timeSeconds, mode);
    const options = { folder, timeSeconds: 1_767_225_600 };
    const archives = { tar: join(directory, `${name}.tar.gz`), deb: join(directory, `${name}.deb`) };
    await makeTarGz({ ...options, file: archives.tar });
    const scripts = { postinst: '#!/bin/sh\nexit 0\n' };
    const mask = process.umask(name === 'one' ? 0o022 : 0o077);
    await makeDeb({ ...options, file: archives.deb, version: '1.2.3', depends: ['containerd', 'runc'], scripts }).finally(() =>
      process.umask(mask),
    );
    digests.push([await sha256(archives.tar), await sha256(archives.deb)]);
  }
  expect(digests[1]).toEqual(digests[0]);
});

test('a package says what it needs, and which files are its user’s', async () => {
  const folder = await tree('one', ['etc/berth/server.yaml', 'usr/bin/b'], 1_800_000_000, 0o644);
  const file = join(directory, 'one.deb');
  await makeDeb({ folder, file, timeSeconds: 1_767_225_600, version: '1.2.3', depends: ['containerd', 'runc'], scripts: {} });
  const show = (...args: string[]) => execFileSync('dpkg-deb', args, { encoding: 'utf8' });
  expect(show('--field', file, 'Depends').trim()).toBe('containerd, runc');
  expect(show('--info', file, 'conffiles')).toBe('/etc/berth/server.yaml\n');
  expect(show('--contents', file)).toMatch(/-rwxr-xr-x root\/root .* \.\/usr\/bin\/b\n/);
});

test('packages are found where Node would find them, each once', () => {
  const manifest = (path: string, more: object) => write(`node_modules/${path}/package.json`, JSON.stringify(more));
  manifest('a', { dependencies: { b: '1', '@s/c': '1' }, peerDependencies: { d: '1', missing: '1' } });
  manifest('b', { dependencies: { d: '2' }, optionalDependencies: { absent: '1' } });
  manifest('b/node_modules/d', {});
  manifest('@s/c', { dependencies: { a: '1', '@types/node': '1' } });
  manifest('d', {});
  manifest('unused', {});
  const expected = ['@s/c', 'a', 'b', 'b/node_modules/d', 'd'].map((name) => `node_modules/${name}`);
  expect(runtimePackages(directory, ['a'])).toEqual(expected);
  expect(() => runtimePackages(directory, ['nowhere'])).toThrow('nowhere, which a program needs, is not in node_modules');
});
