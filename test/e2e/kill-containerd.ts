// kill -9 of the containerd of the cluster's node; the agent starts it again.
import { readFile } from 'node:fs/promises';
import { cluster } from './kubectl.ts';

/** One that was killed before, and not started again yet, is left as it is. */
export async function killContainerd(): Promise<void> {
  const pid = Number(await readFile(`${cluster().layout.directory}/node/c/containerd.pid`, 'utf8'));
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
