import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Pod } from '@berth/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LogFolders, type LogInstance } from './log-folders.ts';

let folder: string;
let logs: LogFolders;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-logs-'));
  logs = new LogFolders(folder, true);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const podOf = (name: string, uid: string) => ({ metadata: { name, namespace: 'shop', uid } }) as Pod;

async function write(pod: Pod, instance: LogInstance, ...suffixes: string[]): Promise<void> {
  const file = logs.file(pod, instance);
  await mkdir(dirname(file), { recursive: true });
  for (const suffix of ['', ...suffixes]) await writeFile(file + suffix, `${pod.metadata.uid} ${instance.attempt}`);
}
const links = () => readdir(join(folder, 'containers')).then((names) => names.sort());

test('are where the kubelet has them, with a link for each container', async () => {
  const pod = podOf('web', 'u1');
  const instance = { container: 'main', attempt: 2 };
  await write(pod, instance);
  await logs.link(pod, instance, 'abc');
  await logs.link(pod, instance, 'abc');
  expect(await links()).toEqual(['web_shop_main-abc.log']);
  expect(await readlink(join(folder, 'containers/web_shop_main-abc.log'))).toBe(join(folder, 'pods/shop_web_u1/main/2.log'));
  expect(await readFile(join(folder, 'containers/web_shop_main-abc.log'), 'utf8')).toBe('u1 2');
  const long = podOf('p'.repeat(200), 'u2');
  await logs.link(long, { container: 'c'.repeat(63), attempt: 0 }, 'abc');
  expect((await links()).map((name) => name.length)).toEqual([255, 21]);
});

test('the log of one run goes with what was rotated from it and with its link, and no other', async () => {
  const pod = podOf('web', 'u1');
  const [first, second] = [
    { container: 'main', attempt: 1 },
    { container: 'main', attempt: 11 },
  ];
  await write(pod, first, '.20260101-000000.000', '.20260101-000000.000.gz');
  await write(pod, second);
  await logs.link(pod, first, 'abc');
  await logs.link(pod, second, 'def');
  await logs.removeInstance(pod, first);
  expect(await readdir(dirname(logs.file(pod, first)))).toEqual(['11.log']);
  expect(await links()).toEqual(['web_shop_main-def.log']);
  await logs.removeInstance(podOf('missing', 'u9'), first);
});

test('everything of a pod is found by its uid alone, and nothing of others goes with it', async () => {
  const pods = [podOf('web', 'u1'), podOf('web', 'u2'), podOf('web-2', 'u3')];
  const instance = { container: 'main', attempt: 0 };
  for (const pod of pods) {
    await write(pod, instance);
    await logs.link(pod, instance, `id-${pod.metadata.uid}`);
  }
  await symlink('/etc/hosts', join(folder, 'containers/web_shop_other-x.log'));
  expect((await logs.knownPods()).sort()).toEqual(['u1', 'u2', 'u3']);
  await logs.removePod('u1');
  expect(await readdir(logs.podsRoot)).toEqual(['shop_web-2_u3', 'shop_web_u2']);
  expect(await links()).toEqual(['web-2_shop_main-id-u3.log', 'web_shop_main-id-u2.log', 'web_shop_other-x.log']);
  await logs.removePod('none');
});

test('where others have logs too, whose they are is not known', async () => {
  await write(podOf('web', 'u1'), { container: 'main', attempt: 0 });
  expect(await new LogFolders(folder, false).knownPods()).toEqual([]);
  expect(await new LogFolders(join(folder, 'missing'), true).knownPods()).toEqual([]);
});

test('a link in place of a folder leads nowhere', async () => {
  const pod = podOf('web', 'u1');
  const instance = { container: 'main', attempt: 0 };
  await mkdir(join(folder, 'victim'));
  await writeFile(join(folder, 'victim/0.log'), 'of the host');
  await mkdir(logs.podDirectory(pod), { recursive: true });
  await symlink(join(folder, 'victim'), join(logs.podDirectory(pod), 'main'));
  await expect(logs.removeInstance(pod, instance)).rejects.toThrow('ENOTDIR');
  await logs.removePod('u1');
  expect(await readdir(logs.podsRoot)).toEqual([]);
  await symlink(join(folder, 'victim'), join(folder, 'containers'));
  await expect(logs.link(pod, instance, 'abc')).rejects.toThrow('ENOTDIR');
  expect(await readFile(join(folder, 'victim/0.log'), 'utf8')).toBe('of the host');
});
