// What a cluster's node has on this machine, whatever it was made by: processes, cgroups, mounts, folders. Empty once nothing runs.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shimsOf } from '../../libs/runtime/src/cri/shims.ts';
import { mountsBelow } from '../../libs/runtime/src/files/mounts.ts';
import type { ClusterLayout } from '../../tools/cluster/layout.ts';

/** One line each. */
export async function leftovers({ directory, instance }: Pick<ClusterLayout, 'directory' | 'instance'>): Promise<string[]> {
  const node = join(directory, 'node');
  const [pods, state] = [join(node, 'pods'), join(node, 'c/state')];
  const task = 'io.containerd.runtime.v2.task/k8s.io';
  const folders = [
    ...['pods', 'logs/pods', 'logs/containers', `c/state/${task}`, `c/root/${task}`, 'c/state/runc/k8s.io'],
    ...['containers', 'sandboxes'].flatMap((kind) => ['root', 'state'].map((at) => `c/${at}/io.containerd.grpc.v1.cri/${kind}`)),
    'c/state/io.containerd.grpc.v1.cri/netns',
  ];
  const leases = (await namesIn(join(node, 'network/addresses/berth'))).filter((name) => /^[0-9.]+$/.test(name));
  return [
    ...(await shimsOf(join(node, 'c/containerd.sock'))).map(({ pid, id }) => `shim ${pid} of ${id}`),
    ...(await processesOf(`/berth-${instance}/`)).map((text) => `process ${text}`),
    ...(await cgroups(instance)).map((path) => `cgroup ${path}`),
    // The folder itself may be a mount, so that what storage drivers mount below it is seen.
    ...[...(await mountsBelow(pods)).filter((path) => path !== pods), ...(await mountsBelow(state))].map((path) => `mount ${path}`),
    ...(
      await Promise.all(folders.map(async (folder) => (await namesIn(join(node, folder))).map((name) => `folder ${folder}/${name}`)))
    ).flat(),
    ...leases.map((address) => `address ${address}`),
    ...(await namesIn(`/sys/class/net/brth${instance}/brif`)).map((name) => `interface ${name}`),
  ];
}

/** Of version 1 there is one a controller. */
export async function cgroupTrees(): Promise<string[]> {
  const root = '/sys/fs/cgroup';
  return existsSync(join(root, 'cgroup.controllers')) ? [root] : (await namesIn(root)).map((name) => join(root, name));
}

async function cgroups(instance: string): Promise<string[]> {
  const found = await Promise.all(
    (await cgroupTrees()).map(async (tree) => {
      const parent = join(tree, `berth-${instance}`);
      return (await namesIn(parent)).filter((name) => name.startsWith('pod')).map((name) => join(parent, name));
    }),
  );
  return found.flat();
}

/** Those in a cgroup of the instance. */
async function processesOf(cgroup: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const text = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
    if (text.includes(cgroup)) found.push(`${pid} ${(await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim()}`);
  }
  return found;
}

/** None where there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}
