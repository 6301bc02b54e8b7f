// What is mounted where on this machine, and mounting without looking a path up again: the source is a descriptor's, the target a
// path that only the agent can change.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Mount points at a path and below it, in the order in which they were mounted. */
export async function mountsBelow(path: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  return lines.map((line) => unescapedPath(line.split(' ')[4] ?? '')).filter((point) => point === path || point.startsWith(`${path}/`));
}

/** The newest first, so that what is mounted on a mount goes before it. @throws Error that names what is in use */
export async function unmountBelow(path: string): Promise<void> {
  for (const point of (await mountsBelow(path)).reverse()) await unmount(point);
}

/** @param source as `descriptorPath` gives it for this process' id */
export async function bindMount(source: string, target: string): Promise<void> {
  await run('mount', ['--no-canonicalize', '--internal-only', '--bind', source, target]);
}

async function unmount(point: string): Promise<void> {
  try {
    await run('umount', ['--no-canonicalize', '--internal-only', point]);
  } catch (error) {
    // Another look may have unmounted it in between.
    if ((await mountsBelow(point)).includes(point)) throw error;
  }
}

/** In /proc's lists of mounts, the kernel writes blanks and backslashes in paths as three octal digits. */
export function unescapedPath(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Whether what is mounted below a folder also shows in containers that ask for it, and the other way round: its mount is shared. */
export async function isShared(path: string): Promise<boolean> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' '));
  const isAbove = (point: string) => point === path || path.startsWith(point.endsWith('/') ? point : `${point}/`);
  // The longest is the innermost, and of those on one point the last one covers the others.
  const [innermost] = lines
    .filter(([, , , , point]) => point !== undefined && isAbove(unescapedPath(point)))
    .reverse()
    .sort((a, b) => (b[4]?.length ?? 0) - (a[4]?.length ?? 0));
  return innermost?.slice(6).some((field) => field.startsWith('shared:')) ?? false;
}

/** Makes a folder a shared mount of itself; nothing may be mounted below it yet. */
export async function shareFolder(path: string): Promise<void> {
  await run('mount', ['--no-canonicalize', '--internal-only', '--bind', path, path]);
  await run('mount', ['--no-canonicalize', '--internal-only', '--make-shared', path]);
}
