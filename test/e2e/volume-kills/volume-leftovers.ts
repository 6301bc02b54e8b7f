// What a node has of volumes once all claims and snapshots are gone: loop devices, files, notes, views of images. It should be nothing.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContainerdImageFiles } from '../../../libs/runtime/src/cri/image-files.ts';
import type { ClusterLayout } from '../../../tools/cluster/layout.ts';
import { namesIn } from '../leftovers.ts';

/** One line each. */
export async function volumeLeftovers({ directory }: Pick<ClusterLayout, 'directory'>): Promise<string[]> {
  const node = join(directory, 'node');
  const images = new ContainerdImageFiles({ socket: join(node, 'c/containerd.sock'), program: 'ctr' });
  const folders = ['volumes', 'filled-volumes'].map(async (folder) =>
    (await namesIn(join(node, folder))).map((name) => `file ${folder}/${name}`),
  );
  return [
    ...(await loopDevices(node)),
    ...(await Promise.all(folders)).flat(),
    ...(await images.placesBelow(node)).map((place) => `view of an image ${place}`),
  ];
}

/** Of files below a folder, whether they are still there or not. */
async function loopDevices(folder: string): Promise<string[]> {
  const devices = (await namesIn('/sys/block')).filter((name) => name.startsWith('loop'));
  const lines = await Promise.all(
    devices.map(async (name) => {
      const file = await readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch((error: NodeJS.ErrnoException) => {
        // Of one that has none, or has just lost it.
        if (!['ENOENT', 'ENXIO', 'ENODEV'].includes(error.code ?? '')) throw error;
        return '';
      });
      return file.startsWith(`${folder}/`) ? [`loop device ${name} of ${file.trim()}`] : [];
    }),
  );
  return lines.flat();
}
