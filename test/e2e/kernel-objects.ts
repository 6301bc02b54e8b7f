// What a cluster's node holds in the kernel, counted: more of a kind after many pods than after few is something that pods leave behind.
import { spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterLayout } from '../../tools/cluster/layout.ts';
import { cgroupTrees, namesIn } from './leftovers.ts';

export type KernelObjects = Record<'mounts' | 'interfaces' | 'networkNamespaces' | 'cgroups' | 'nftLines', number>;

/** Of the instance alone: other clusters come and go on the same machine. */
export async function kernelObjects({ directory, instance }: Pick<ClusterLayout, 'directory' | 'instance'>): Promise<KernelObjects> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter((line) => line.includes(`${directory}/`));
  const cgroups = await Promise.all((await cgroupTrees()).map((tree) => foldersBelow(join(tree, `berth-${instance}`))));
  return {
    mounts: mounts.length,
    interfaces: (await namesIn(`/sys/class/net/brth${instance}/brif`)).length,
    networkNamespaces: (await namesIn(join(directory, 'node/c/state/io.containerd.grpc.v1.cri/netns'))).length,
    cgroups: cgroups.reduce((sum, count) => sum + count, 0),
    nftLines: nftLines(new RegExp(`^berth(-[a-z]+)?-${instance}$`)),
  };
}

async function foldersBelow(folder: string): Promise<number> {
  try {
    return (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isDirectory()).length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/** Chains, rules and elements of sets and maps, of the tables with such names. */
function nftLines(tables: RegExp): number {
  const { stdout, status, stderr } = spawnSync('nft', ['-j', 'list', 'ruleset'], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`nft cannot list its rules: ${stderr}`);
  const objects = (JSON.parse(stdout) as { nftables: Record<string, { table?: string; elem?: unknown[] }>[] }).nftables;
  return objects
    .flatMap((object) => Object.values(object))
    .filter(({ table }) => table !== undefined && tables.test(table))
    .reduce((sum, { elem = [] }) => sum + 1 + elem.length, 0);
}
