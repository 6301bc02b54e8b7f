// Real processes under the name of a shim, as tests without containerd have none.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@berth/telemetry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { killRuntimeProcess, killShim, removeDeadSockets, runtimeProcesses, shimsOf } from './shims.ts';

let folder: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-shims-'));
});
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** A shell that passes for a shim, with two processes below it, one below the other; resolves with their pids. */
async function shim(id: string, socket: string): Promise<{ pid: number; below: number[] }> {
  const program = join(folder, 'containerd-shim-runc-v2');
  if (!existsSync(program)) copyFileSync('/bin/bash', program);
  const script = 'bash -c "sleep 1000 & echo \\$\\$ \\$!; wait" & wait';
  const child = spawn(program, ['-c', script, 'x', '-namespace', 'k8s.io', '-id', id, '-address', socket], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  started.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { pid: child.pid ?? 0, below: line.toString().trim().split(' ').map(Number) };
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}/exe`) && existsSync(`/proc/${pid}`);

test('those of a containerd are found by its socket, and killed with everything below them', async () => {
  const socket = join(folder, 'containerd.sock');
  const [mine, other] = [await shim('abc', socket), await shim('abc', `${socket}.other`)];
  expect(await shimsOf(socket)).toEqual([{ pid: mine.pid, id: 'abc' }]);
  await killShim({ pid: mine.pid, id: 'abc' }, socket, systemClock);
  await expect.poll(() => mine.below.filter(isAlive)).toEqual([]);
  expect(await shimsOf(socket)).toEqual([]);
  expect([other.pid, ...other.below].filter(isAlive)).toHaveLength(3);
});

test('a process that has the number of a shim that is gone is left alone', async () => {
  mkdirSync(join(folder, 'x'));
  const socket = join(folder, 'containerd.sock');
  const { pid, below } = await shim('abc', socket);
  await killShim({ pid, id: 'another' }, socket, systemClock);
  expect([pid, ...below].filter(isAlive)).toHaveLength(3);
});

test('what a runtime was making is found by its root, whichever shim it was below, and killed with everything below it', async () => {
  const [mine, other] = [join(folder, 'state/crun/k8s.io'), join(folder, 'other/crun/k8s.io')];
  const script = 'bash -c "sleep 1000 & echo \\$\\$ \\$!; wait" & wait';
  const crun = async (root: string) => {
    const child = spawn('bash', ['-c', script, 'crun', '--root', root, 'create', '--bundle', '/b', 'abc'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    started.push(child);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return { pid: child.pid ?? 0, below: line.toString().trim().split(' ').map(Number) };
  };
  const [left, foreign] = [await crun(mine), await crun(other)];
  expect(await runtimeProcesses([mine])).toEqual([{ pid: left.pid, id: 'abc' }]);
  await killRuntimeProcess({ pid: left.pid, id: 'another' }, [mine], systemClock);
  expect([left.pid, ...left.below].filter(isAlive)).toHaveLength(3);
  await killRuntimeProcess({ pid: left.pid, id: 'abc' }, [mine], systemClock);
  await expect.poll(() => [left.pid, ...left.below].filter(isAlive)).toEqual([]);
  expect([foreign.pid, ...foreign.below].filter(isAlive)).toHaveLength(3);
});

test('sockets that killed shims left go, and those on which somebody answers stay', async () => {
  const own = mkdtempSync(join(tmpdir(), 'berth-sockets-'));
  try {
    const alive = createServer().listen(join(own, 'alive'));
    await once(alive, 'listening');
    const script = `require('net').createServer().listen(${JSON.stringify(join(own, 'dead'))}, () => process.kill(process.pid, 'SIGKILL'))`;
    await once(spawn(process.execPath, ['-e', script], { stdio: 'ignore' }), 'exit');
    writeFileSync(join(own, 'file'), '');
    expect(readdirSync(own).sort()).toEqual(['alive', 'dead', 'file']);
    await removeDeadSockets(own);
    expect(readdirSync(own)).toContain('alive');
    expect(readdirSync(own)).not.toContain('dead');
    alive.close();
  } finally {
    rmSync(own, { recursive: true });
  }
});
