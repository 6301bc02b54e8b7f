// Where a path leads to inside of an image, as its own container would see it: links are followed with the image's root as `/`, so that none leads
// out of it. The image is mounted read-only at a place of the agent's own: nobody changes it while it is looked at.
import { lstat, readlink } from 'node:fs/promises';

/** As many as Linux follows in one path. */
const linksMax = 40;

/** @returns a path on the host; undefined when nothing is there @throws Error for links that lead nowhere but to each other */
export async function imagePath(root: string, path: string): Promise<string | undefined> {
  const names = path.split('/');
  const reached: string[] = [];
  let links = 0;
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      reached.pop();
      continue;
    }
    const here = [root, ...reached, name].join('/');
    const target = await linkTarget(here);
    if (target === 'missing') return undefined;
    if (target === 'no link') reached.push(name);
    else {
      if (++links > linksMax) throw new Error(`${path} leads through more than ${linksMax} links`);
      if (target.path.startsWith('/')) reached.length = 0;
      names.unshift(...target.path.split('/'));
    }
  }
  return [root, ...reached].join('/');
}

async function linkTarget(path: string): Promise<'missing' | 'no link' | { path: string }> {
  try {
    return (await lstat(path)).isSymbolicLink() ? { path: await readlink(path) } : 'no link';
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return 'missing';
    throw error;
  }
}
