// The folder of a log, by descriptor. Everything above the root of all logs belongs to the host; below it, pods that collect logs may
// put links in place of folders and files, which are refused.
import { dirname, relative } from 'node:path';
import { DirectoryHandle } from '../files/directory-handle.ts';

/** @param root of all logs; the log's own folder when absent. @throws ENOENT, or ENOTDIR for a link */
export function logFolder(path: string, root = dirname(path)): Promise<DirectoryHandle> {
  const names = relative(root, dirname(path)).split('/');
  return DirectoryHandle.openBelow(root, names[0] === '' ? [] : names);
}
