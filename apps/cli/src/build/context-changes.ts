// What of a build's files a builder does not have yet. It keeps those of the build before with a list of them, which came from here: each
// path with what makes its content. A file counts as the same by its digest, mode and time; folders are sent always, since what is written into
// them changes their times.
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { padding, tarEnd, tarHeader } from '@berth/runtime/tar';
import { type ContextEntry, contentOf } from './context.ts';

/** Of lists: what so many files as may be come to. */
export const listBytesMax = 256 * 2 ** 20;

export interface ContextChanges {
  /** Paths that go before anything comes. */
  removed: string[];
  /** In the order of the context. */
  sent: ContextEntry[];
}

/** By path. @throws ContextError when a file cannot be read */
export async function fingerprints(entries: readonly ContextEntry[]): Promise<Map<string, string>> {
  const prints = new Map<string, string>();
  for (const entry of entries) prints.set(entry.path, await fingerprint(entry));
  return prints;
}

async function fingerprint(entry: ContextEntry): Promise<string> {
  if (entry.type === 'directory') return 'd';
  const hash = createHash('sha256');
  if (entry.type === 'symlink') hash.update(entry.target ?? '');
  else for await (const piece of contentOf(entry)) hash.update(piece);
  return `${entry.type === 'file' ? 'f' : 'l'} ${entry.mode.toString(8)} ${entry.mtimeSeconds} ${hash.digest('base64')}`;
}

export function changesOf(
  entries: readonly ContextEntry[],
  prints: ReadonlyMap<string, string>,
  kept: ReadonlyMap<string, string>,
): ContextChanges {
  const isOfOtherType = (path: string, print: string) => prints.get(path)?.[0] !== print[0];
  return {
    removed: [...kept].filter(([path, print]) => isOfOtherType(path, print)).map(([path]) => path),
    sent: entries.filter(({ type, path }) => type === 'directory' || kept.get(path) !== prints.get(path)),
  };
}

export function listText(prints: ReadonlyMap<string, string>): Buffer {
  return gzipSync([...prints].map(([path, print]) => `${print}/${path}\0`).join(''), { level: 1 });
}

/** Empty for what is no list: then everything is sent. */
export function readList(bytes: Buffer): Map<string, string> {
  const kept = new Map<string, string>();
  if (bytes.length === 0) return kept;
  const text = gunzipSync(bytes, { maxOutputLength: listBytesMax }).toString('utf8');
  for (const record of text.split('\0').slice(0, -1)) {
    const at = separator(record);
    kept.set(record.slice(at + 1), record.slice(0, at));
  }
  return kept;
}

/** Base64 may have slashes itself, but ends with `=` before the one that parts it from the path. */
function separator(record: string): number {
  return record.startsWith('d/') ? 1 : record.indexOf('=/') + 1;
}

/** Of the archive of these. */
export function archiveBytes(entries: readonly ContextEntry[]): number {
  const sizes = entries.map((entry) => tarHeader(entry).length + (entry.size ?? 0) + padding(entry.size ?? 0).length);
  return sizes.reduce((sum, size) => sum + size, tarEnd.length);
}
