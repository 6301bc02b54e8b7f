import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bindMount, mountsBelow, unmountBelow } from '../files/mounts.ts';
import { ContainerdSweep } from './containerd-sweep.ts';

let folder: string;
let clock: SimulatedClock;
let known: { cri: string[]; records: string[]; netns: string[] };
let removed: string[];
let sweep: ContainerdSweep;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-sweep-'));
  clock = new SimulatedClock();
  known = { cri: ['kept'], records: ['kept'], netns: ['cni-kept'] };
  removed = [];
  for (const at of ['state', 'root']) {
    for (const id of ['kept', 'lost'])
      mkdirSync(join(folder, at, 'io.containerd.runtime.v2.task/k8s.io', id, 'rootfs'), { recursive: true });
  }
  for (const id of ['kept', 'lost']) mkdirSync(join(folder, 'state/runc/k8s.io', id), { recursive: true });
  mkdirSync(join(folder, 'state/io.containerd.grpc.v1.cri/netns'), { recursive: true });
  for (const name of ['cni-kept', 'cni-lost']) writeFileSync(join(folder, 'state/io.containerd.grpc.v1.cri/netns', name), '');
  mkdirSync(join(folder, 'leases'));
  writeFileSync(join(folder, 'leases/10.1.0.2'), 'kept\r\neth0');
  writeFileSync(join(folder, 'leases/10.1.0.3'), 'lost\r\neth0');
  writeFileSync(join(folder, 'leases/last_reserved_ip.0'), '10.1.0.3');
  writeFileSync(join(folder, 'leases/lock'), '');
  sweep = new ContainerdSweep({
    paths: { root: join(folder, 'root'), state: join(folder, 'state'), socket: join(folder, 'none.sock'), leases: join(folder, 'leases') },
    known: {
      cri: async () => new Set(known.cri),
      records: async () => new Set(known.records),
      networkNamespaces: async () => new Set(known.netns),
      removeRecord: async (id) => void removed.push(id),
    },
    clock,
    logger: silentLogger,
  });
});
afterEach(async () => {
  await unmountBelow(folder);
  await rm(folder, { recursive: true, force: true });
});

const there = async () =>
  [
    ...(await readdir(join(folder, 'state/io.containerd.runtime.v2.task/k8s.io'))),
    ...(await readdir(join(folder, 'root/io.containerd.runtime.v2.task/k8s.io'))),
    ...(await readdir(join(folder, 'state/runc/k8s.io'))),
    ...(await readdir(join(folder, 'state/io.containerd.grpc.v1.cri/netns'))),
    ...(await readdir(join(folder, 'leases'))),
  ].join(' ');
const everything = 'kept lost kept lost kept lost cni-kept cni-lost 10.1.0.2 10.1.0.3 last_reserved_ip.0 lock';
const kept = 'kept kept kept cni-kept 10.1.0.2 last_reserved_ip.0 lock';

test('what containerd does not know goes once it was there for as long as a call may take', async () => {
  expect(await sweep.look(60_000)).toBe(true);
  await clock.advance(59_000);
  expect(await sweep.look(60_000)).toBe(true);
  expect(await there()).toBe(everything);
  await clock.advance(2_000);
  expect(await sweep.look(60_000)).toBe(false);
  expect(await there()).toBe(kept);
});

test('at once when no call can be under way', async () => {
  expect(await sweep.look(0)).toBe(false);
  expect(await there()).toBe(kept);
});

test('what a call has finished making meanwhile stays, and is a new suspect if it is forgotten again', async () => {
  await sweep.look(60_000);
  known = { cri: ['kept', 'lost'], records: ['kept', 'lost'], netns: ['cni-kept', 'cni-lost'] };
  await clock.advance(61_000);
  expect(await sweep.look(60_000)).toBe(false);
  known = { cri: ['kept'], records: ['kept'], netns: ['cni-kept'] };
  expect(await sweep.look(60_000)).toBe(true);
  expect(await there()).toBe(everything);
});

test('a record that its CRI part does not know is removed first; what belongs to it waits for that', async () => {
  known.records.push('lost');
  expect(await sweep.look(0)).toBe(false);
  expect(removed).toEqual(['lost']);
  expect(await there()).toBe(everything.replace(' cni-lost', ''));
  known.records.pop();
  await sweep.look(0);
  expect(await there()).toBe(kept);
});

test('what is mounted in a task folder is unmounted, not emptied', async () => {
  mkdirSync(join(folder, 'victim'));
  writeFileSync(join(folder, 'victim/file'), '');
  await bindMount(join(folder, 'victim'), join(folder, 'state/io.containerd.runtime.v2.task/k8s.io/lost/rootfs'));
  await sweep.look(0);
  expect(await there()).toBe(kept);
  expect(existsSync(join(folder, 'victim/file'))).toBe(true);
  expect(await mountsBelow(folder)).toEqual([]);
});

test('with containerd gone for good, everything goes but what it needs to start again', async () => {
  await sweep.removeAll();
  expect(await there()).toBe('10.1.0.2 10.1.0.3 last_reserved_ip.0 lock');
});
