// A path inside a volume for one container (`subPath`). The volume's content belongs to the pod, which may have put links into
// it: what is mounted must be inside the volume after every link has been followed.
import { chmod, mkdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Resolves to the path to mount, with folders made as open as the volume itself where there was nothing. @throws when it would leave the volume */
export async function resolveSubPath(volume: string, subPath: string): Promise<string> {
  if (subPath.startsWith('/') || subPath.split('/').includes('..')) throw new Error(`subPath "${subPath}" must stay inside its volume`);
  const root = await realpath(volume);
  const { mode } = await stat(root);
  let current = root;
  for (const part of subPath.split('/').filter((name) => name !== '' && name !== '.')) {
    const next = join(current, part);
    current = (await realOrNothing(next)) ?? (await makeFolder(next, mode & 0o7777));
    if (current !== root && !current.startsWith(`${root}/`)) {
      throw new Error(`subPath "${subPath}" leads out of its volume by a link in ${dirname(next).slice(root.length) || '/'}`);
    }
  }
  return current;
}

async function makeFolder(path: string, mode: number): Promise<string> {
  await mkdir(path);
  await chmod(path, mode);
  return path;
}

async function realOrNothing(path: string): Promise<string | undefined> {
  return realpath(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
