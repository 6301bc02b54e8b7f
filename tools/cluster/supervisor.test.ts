// Dead processes of a cluster are started again: at once after a long life, with growing pauses otherwise, and never once their record is gone.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { ProcessFolder } from './processes.ts';
import { DeathWatch, supervisorName } from './supervisor.ts';

const record = { pid: 1, startTicks: '1', command: [], logOffset: 0 };

function folder() {
  const alive = new Map<string, boolean>([['control-plane', true]]);
  return { alive, names: () => [...alive.keys()], running: (name: string) => (alive.get(name) ? record : undefined) };
}

test('one that lived is due at once, one that dies again and again ever later, up to five seconds', () => {
  const processes = folder();
  const watch = new DeathWatch(processes);
  expect(watch.due(0)).toEqual([]);
  processes.alive.set('control-plane', false);
  expect(watch.due(20_000)).toEqual(['control-plane']);
  const waits: number[] = [];
  let nowMs = 20_000;
  for (let life = 0; life < 7; life++) {
    const diedMs = nowMs;
    while (watch.due(nowMs).length === 0) nowMs += 100;
    waits.push(nowMs - diedMs);
  }
  expect(waits).toEqual([500, 1000, 2000, 4000, 5000, 5000, 5000]);
  processes.alive.set('control-plane', true);
  expect(watch.due(nowMs + 30_000)).toEqual([]);
  processes.alive.set('control-plane', false);
  expect(watch.due(nowMs + 40_000)).toEqual(['control-plane']);
});

test('what was stopped, and the supervisor itself, stay as they are', () => {
  const processes = folder();
  const watch = new DeathWatch(processes);
  processes.alive.set(supervisorName, false);
  expect(watch.due(0)).toEqual([]);
  processes.alive.clear();
  expect(watch.due(50_000)).toEqual([]);
});

test('a process is started again with what it was started with', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'berth-restart-'));
  const processes = new ProcessFolder(directory);
  try {
    const { record: first } = processes.start('one', ['/bin/sh', '-c', 'exec sleep 1000']);
    await processes.crash('one');
    expect(processes.names()).toEqual(['one']);
    const { record: second } = processes.restart('one');
    expect(second.command).toEqual(first.command);
    expect(second.pid).not.toBe(first.pid);
    await eventually('it runs', 10_000, async () => processes.running('one'));
  } finally {
    await processes.stop('one');
    expect(processes.names()).toEqual([]);
    expect(() => processes.restart('one')).toThrow('one was never started here');
    rmSync(directory, { recursive: true });
  }
});
