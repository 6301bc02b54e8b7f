// The agent's folder, which nobody but root reads, and which pods with users of their own pass through on their way to their root file system: the
// first process of such a container is a nobody of this machine when it gets there. So the folder can be passed, and everything in it but
// containerd's cannot.
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Of containerd's, state and root file systems are below it, with modes that containerd sets. */
export const containerdFolder = 'c';
const passable = 0o711;
const privateFolders = ['filled-volumes', 'identity', 'image_manager', 'logs', 'manifests', 'network', 'pods', 'seccomp', 'volumes'];

export async function provideDataDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: passable });
  for (const name of privateFolders) {
    await mkdir(join(directory, name), { recursive: true });
    // Also those that an earlier version made, before the way to them is open.
    await chmod(join(directory, name), 0o700);
  }
  const containerd = join(directory, containerdFolder);
  await mkdir(containerd, { recursive: true });
  await chmod(containerd, passable);
  await chmod(directory, passable);
}
