// Which process is the containerd of a folder. Its pid file says so, unless the agent died between starting it and writing that, or
// the file outlived the process: then the processes themselves are asked, for a second containerd in one folder would wait for
// the first one's locks for ever, and the first would never be ended.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export function containerdConfigFile(directory: string): string {
  return join(directory, 'config.toml');
}

export function containerdPidFile(directory: string): string {
  return join(directory, 'containerd.pid');
}

export async function containerdPid(directory: string): Promise<number | undefined> {
  const noted = Number(await readIfThere(containerdPidFile(directory)));
  if (noted > 0 && (await isContainerdOf(directory, noted))) return noted;
  for (const name of await readdir('/proc')) {
    if (/^\d+$/.test(name) && (await isContainerdOf(directory, Number(name)))) return Number(name);
  }
  return undefined;
}

async function isContainerdOf(directory: string, pid: number): Promise<boolean> {
  // Whatever its program is called: it may be one of several versions.
  const [, option, file] = (await readIfThere(`/proc/${pid}/cmdline`)).split('\0');
  return option === '--config' && file === containerdConfigFile(directory);
}

/** Empty for what is not there, a process that has just ended among it. */
async function readIfThere(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return '';
    throw error;
  });
}
