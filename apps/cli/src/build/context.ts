// The files that a build is made from, as an archive: those of a folder, without what its .dockerignore leaves out. Links are packed as
// links and never followed, so that nothing outside of the folder gets in, whatever changes in it meanwhile.
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { builderUid } from '@berth/controllers/image-build';
import { padding, type TarEntry, tarEnd, tarHeader } from '@berth/runtime/tar';
import { ignoreRules } from './dockerignore.ts';

const filesMax = 500_000;
const chunkBytes = 256 * 1024;

/** What is amiss with a folder, its .dockerignore or its Dockerfile. */
export class ContextError extends Error {}

export interface ContextEntry extends TarEntry {
  /** Where it is on this machine. */
  source: string;
}

export interface BuildContext {
  entries: ContextEntry[];
  /** Of the Dockerfile, within the archive. */
  dockerfile: string;
  dockerfileText: string;
  /** Of all files. */
  bytes: number;
  /** What is no file, folder or link. */
  skipped: string[];
}

/** Where a Dockerfile from elsewhere is put. */
const foreignDockerfile = '.berth-build.Dockerfile';
const dockerfileBytesMax = 4 * 1024 * 1024;

/** @param dockerfile as given, relative to the working directory @throws ContextError */
export async function buildContext(folder: string, dockerfile?: string): Promise<BuildContext> {
  const root = await realpath(folder).catch(() => {
    throw new ContextError(`there is no folder ${folder}: name the one that holds the build's files`);
  });
  if (!(await lstat(root)).isDirectory()) throw new ContextError(`${folder} is no folder: name the one that holds the build's files`);
  const file = await theDockerfile(root, dockerfile);
  const rules = ignoreRules(await ignoreText(root, file.path));
  const walk: Walk = { root, entries: [], skipped: [], bytes: 0, isIgnored: rules.isIgnored, isClosed: rules.isClosed };
  await walkFolder(walk, '');
  if (!file.isForeign && walk.entries.some(({ path }) => path === file.name)) return { ...result(walk), ...named(file) };
  // What is left out of the context is still what it is built by.
  const entry = await entryOf(file.path, file.name);
  walk.entries.push(entry as ContextEntry);
  return { ...result(walk), ...named(file) };
}

interface Dockerfile {
  path: string;
  /** Within the archive. */
  name: string;
  text: string;
  isForeign: boolean;
}

function named({ name, text }: Dockerfile) {
  return { dockerfile: name, dockerfileText: text };
}

function result({ entries, skipped, bytes }: Walk) {
  return { entries, skipped, bytes };
}

async function theDockerfile(root: string, given: string | undefined): Promise<Dockerfile> {
  const asked = given ?? join(root, 'Dockerfile');
  const path = await realpath(asked).catch(() => {
    const remedy = given === undefined ? 'write one, or name another with -f' : 'name one that is there with -f';
    throw new ContextError(`there is no file ${asked}: ${remedy}`);
  });
  const { size } = await lstat(path);
  if (size > dockerfileBytesMax) throw new ContextError(`${asked} is longer than ${dockerfileBytesMax} bytes: that is no Dockerfile`);
  const within = relative(root, path);
  const isForeign = within.startsWith(`..${sep}`) || within === '..';
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new ContextError(`${asked} cannot be read: ${error.message}`);
  });
  return { path, text, isForeign, name: isForeign ? foreignDockerfile : within };
}

/** One of the Dockerfile's own comes first, as in BuildKit. */
async function ignoreText(root: string, dockerfile: string): Promise<string> {
  for (const file of [`${dockerfile}.dockerignore`, join(root, '.dockerignore')]) {
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw new ContextError(`${file} cannot be read: ${(error as Error).message}`);
    }
  }
  return '';
}

interface Walk {
  root: string;
  entries: ContextEntry[];
  skipped: string[];
  bytes: number;
  isIgnored(path: string): boolean;
  isClosed(folder: string): boolean;
}

async function walkFolder(walk: Walk, folder: string): Promise<void> {
  const names = await readdir(join(walk.root, folder)).catch((error: Error) => {
    throw new ContextError(`${folder || '.'} cannot be read: ${error.message}; .dockerignore can leave it out`);
  });
  for (const name of names.sort()) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const isOut = walk.isIgnored(path);
    const entry = await entryOf(join(walk.root, path), path);
    if (entry?.type === 'directory') {
      if (isOut && walk.isClosed(path)) continue;
      if (!isOut) add(walk, entry);
      await walkFolder(walk, path);
    } else if (isOut) continue;
    else if (!entry) walk.skipped.push(path);
    else add(walk, entry);
  }
}

function add(walk: Walk, entry: ContextEntry): void {
  if (walk.entries.length >= filesMax)
    throw new ContextError(`the context has more than ${filesMax} files: leave some out with .dockerignore, or name a smaller folder`);
  walk.entries.push(entry);
  walk.bytes += entry.size ?? 0;
}

/** Undefined for sockets, pipes and devices. */
async function entryOf(source: string, path: string): Promise<ContextEntry | undefined> {
  const { mode, size, mtimeMs, ...found } = await lstat(source).then((stats) => ({
    ...{ mode: stats.mode, size: stats.size, mtimeMs: stats.mtimeMs },
    ...{ isFile: stats.isFile(), isDirectory: stats.isDirectory(), isLink: stats.isSymbolicLink() },
  }));
  const common = { path, source, mode, uid: builderUid, gid: builderUid, mtimeSeconds: Math.floor(mtimeMs / 1000) };
  if (found.isLink) return { ...common, mode: 0o777, type: 'symlink', target: await readlink(source) };
  if (found.isDirectory) return { ...common, type: 'directory' };
  return found.isFile ? { ...common, type: 'file', size } : undefined;
}

/** The archive, piece by piece. @throws ContextError when a file changes meanwhile, or cannot be read */
export async function* packed(entries: readonly ContextEntry[]): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    if (entry.type !== 'file') yield tarHeader(entry);
    else yield* packedFile(entry);
  }
  yield tarEnd;
}

async function* packedFile(entry: ContextEntry): AsyncGenerator<Buffer> {
  yield tarHeader(entry);
  yield* contentOf(entry);
  yield padding(entry.size ?? 0);
}

/** Of a file, as long as it was when it was found. @throws ContextError when it changes meanwhile, or cannot be read */
export async function* contentOf(entry: ContextEntry): AsyncGenerator<Buffer> {
  // A link that has taken the file's place leads nowhere.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(entry.source, flags).catch((error: Error) => {
    throw new ContextError(`${entry.path} cannot be read: ${error.message}; .dockerignore can leave it out`);
  });
  try {
    const stats = await file.stat();
    // Nor does one that has taken a folder's above it.
    const isSame = stats.isFile() && stats.size === entry.size && (await readlink(`/proc/self/fd/${file.fd}`)) === entry.source;
    if (!isSame) throw changed(entry);
    yield* bytesOf(file, stats.size, entry);
  } finally {
    await file.close();
  }
}

async function* bytesOf(file: FileHandle, size: number, entry: ContextEntry): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(chunkBytes, size - at)), { position: at });
    if (bytesRead === 0) throw changed(entry);
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

export function changed({ path }: ContextEntry): ContextError {
  return new ContextError(
    `${basename(path)} has changed while it was packed (${path}): build again when nothing writes to it, or leave it out`,
  );
}
