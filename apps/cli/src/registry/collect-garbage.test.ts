// What goes from a registry's folder and what stays, also when somebody pushes meanwhile. The folder is laid out as docker-registry 2.8 does it.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { collectGarbage } from './collect-garbage.ts';
import { RegistryStorage } from './registry-storage.ts';

const oldSeconds = 1_700_000_000;
const olderThanMs = (oldSeconds + 1000) * 1000;
let directory: string;
let storage: RegistryStorage;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'berth-registry-'));
  storage = new RegistryStorage(directory);
  mkdirSync(join(directory, 'docker/registry/v2/repositories'), { recursive: true });
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(path: string, data: string, seconds = oldSeconds): void {
  const file = join(directory, 'docker/registry/v2', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, data);
  utimesSync(file, seconds, seconds);
}

const hex = (data: string) => createHash('sha256').update(data).digest('hex');
const blobPath = (data: string) => `blobs/sha256/${hex(data).slice(0, 2)}/${hex(data)}/data`;
const has = (data: string) => existsSync(join(directory, 'docker/registry/v2', blobPath(data)));

function layer(repository: string, data: string, seconds?: number): string {
  write(blobPath(data), data, seconds);
  write(`repositories/${repository}/_layers/sha256/${hex(data)}/link`, `sha256:${hex(data)}`, seconds);
  return `sha256:${hex(data)}`;
}

/** @returns its text */
function manifest(repository: string, value: object, tag?: string, seconds?: number): string {
  const data = JSON.stringify(value);
  write(blobPath(data), data, seconds);
  write(`repositories/${repository}/_manifests/revisions/sha256/${hex(data)}/link`, `sha256:${hex(data)}`, seconds);
  if (tag !== undefined) {
    write(`repositories/${repository}/_manifests/tags/${tag}/current/link`, `sha256:${hex(data)}`);
    write(`repositories/${repository}/_manifests/tags/${tag}/index/sha256/${hex(data)}/link`, `sha256:${hex(data)}`);
  }
  return data;
}

const image = (repository: string, config: string, layers: string[], tag?: string, seconds?: number) =>
  manifest(
    repository,
    {
      config: { digest: layer(repository, config, seconds) },
      layers: layers.map((each) => ({ digest: layer(repository, each, seconds) })),
    },
    tag,
    seconds,
  );
const collect = (used: string[] = [], isDryRun = false) =>
  collectGarbage(storage, { used: new Set(used.map((data) => `sha256:${hex(data)}`)), olderThanMs, isDryRun });

test('what is tagged, used by digest, young, or part of a list stays; the rest goes, and for good the next time', async () => {
  const tagged = image('ns/app', 'c1', ['shared', 'l1'], '1');
  const former = image('ns/app', 'c0', ['shared', 'l0']);
  const used = image('ns/team/app', 'c2', ['l2']);
  const young = image('ns/app', 'c3', ['l3'], undefined, oldSeconds + 2000);
  const child = image('ns/list', 'c4', ['l4']);
  manifest('ns/list', { manifests: [{ digest: `sha256:${hex(child)}` }] }, 'all');
  const foreign = image('ns/other', 'c5', ['l0']);
  layer('ns/app', 'being pushed', oldSeconds + 2000);

  const foreseen = await collect([used], true);
  expect(foreseen.manifests.sort()).toEqual([`ns/app@sha256:${hex(former)}`, `ns/other@sha256:${hex(foreign)}`].sort());
  expect([former, 'c0', 'l0', foreign, 'c5'].every(has)).toBe(true);
  const done = await collect([used]);
  expect(done).toEqual(foreseen);
  for (const kept of [tagged, 'c1', 'shared', 'l1', used, 'c2', 'l2', young, 'c3', 'l3', child, 'c4', 'l4', 'being pushed'])
    expect(has(kept)).toBe(true);
  for (const gone of [former, 'c0', 'l0', foreign, 'c5']) expect(has(gone)).toBe(false);
  expect(await storage.asides()).toHaveLength(5);
  expect(await collect([used])).toEqual({ manifests: [], blobs: 0, bytes: 0, gone: 5 });
  expect(await storage.asides()).toEqual([]);
});

test('a blob that a push refers to while it goes is put back, at once or the next time', async () => {
  image('ns/app', 'c0', ['l0', 'l1']);
  let isPushed = false;
  const setAside = storage.setAside.bind(storage);
  storage.setAside = async (digest) => {
    // The registry has found it there, and says so in its own way a moment later.
    if (!isPushed) write(`repositories/ns/new/_layers/sha256/${hex('l0')}/link`, `sha256:${hex('l0')}`, oldSeconds + 2000);
    isPushed = true;
    await setAside(digest);
  };
  await collect();
  expect([has('l0'), has('l1')]).toEqual([true, false]);
  image('ns/late', 'c9', []);
  manifest('ns/late', { layers: [{ digest: `sha256:${hex('l1')}` }] }, '1');
  await collect();
  expect([has('l0'), has('l1'), has('c9')]).toEqual([true, true, false]);
});

test('a folder that is no registry’s is refused', async () => {
  await expect(
    collectGarbage(new RegistryStorage(join(directory, 'none')), { used: new Set(), olderThanMs, isDryRun: false }),
  ).rejects.toThrow('--storage names');
});
