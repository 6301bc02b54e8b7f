import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ctrOf, ociRuntimes, parseContainerdVersion, searchPath } from './containerd-programs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-programs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function program(path: string): string {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '#!/bin/sh\n');
  chmodSync(file, 0o755);
  return file;
}

describe('the version of containerd', () => {
  test.each([
    ['containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u1', 1, 6],
    ['containerd github.com/containerd/containerd 1.7.24~ds1 1.7.24~ds1-6+deb13u1', 1, 7],
    ['containerd containerd.io 1.7.27 05044ec0a9a75232cad458027ca83437aae3f4da', 1, 7],
    ['containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7193e4e490e9fbdc236c0e811ccaba3376\n', 2, 1],
    ['containerd github.com/containerd/containerd/v2 2.0.0-rc.3 ', 2, 0],
    ['containerd github.com/containerd/containerd/v2 v10.12.0+unknown', 10, 12],
  ])('%s', (said, major, minor) => {
    expect(parseContainerdVersion(said)).toEqual({ major, minor });
  });

  test.each(['', 'containerd', 'containerd: command failed', 'containerd github.com/containerd/containerd unknown'])(
    'none in %j',
    (said) => {
      expect(() => parseContainerdVersion(said)).toThrow('containerd does not say its version');
    },
  );
});

describe('OCI runtimes', () => {
  test('runc comes first where nobody has chosen, and each that is there has a handler', () => {
    const [crun, runc] = [program('sbin/crun'), program('bin/runc')];
    const path = `${join(folder, 'bin')}:${join(folder, 'sbin')}`;
    expect(ociRuntimes({ containerd: 'containerd' }, path).map((one) => one.path)).toEqual([runc, crun]);
    expect(ociRuntimes({ containerd: 'containerd', ociRuntime: 'crun' }, path).map((one) => one.name)).toEqual(['crun', 'runc']);
    expect(ociRuntimes({ containerd: 'containerd' }, join(folder, 'sbin'))).toEqual([{ name: 'crun', path: crun }]);
  });

  test('one that is named by its path is the one of its name', () => {
    program('bin/crun');
    const newer = program('opt/crun');
    expect(ociRuntimes({ containerd: 'containerd', ociRuntime: newer }, join(folder, 'bin'))).toEqual([{ name: 'crun', path: newer }]);
  });

  test('what is not there, or cannot be executed, is said', () => {
    writeFileSync(join(folder, 'runc'), '');
    expect(() => ociRuntimes({ containerd: 'containerd' }, folder)).toThrow(
      'there is no OCI runtime; install the Debian package runc, or crun',
    );
    program('crun');
    expect(() => ociRuntimes({ containerd: 'containerd', ociRuntime: 'youki' }, folder)).toThrow('there is no OCI runtime youki');
  });
});

test('a containerd that is named by its path brings what lies beside it', () => {
  const containerd = program('opt/containerd');
  expect(ctrOf({ containerd })).toBe('ctr');
  const ctr = program('opt/ctr');
  expect(ctrOf({ containerd })).toBe(ctr);
  expect(searchPath({ containerd }, '/usr/bin')).toBe(`${join(folder, 'opt')}:/usr/bin`);
  expect(searchPath({ containerd: 'containerd' }, '/usr/bin')).toBe('/usr/bin');
});
