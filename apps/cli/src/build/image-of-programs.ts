// Images that are made of programs of this machine and the libraries that they load, for pods that work for Berth. Their tags follow from which
// files these are (path, size and time of change, which packages set), so that another version is another image, and nothing large is
// read where the cluster's registry has it already.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { padding, type TarEntry, tarEnd, tarHeader } from '@berth/runtime/tar';
import type { ClusterRegistry, ImageConfig } from './registry.ts';

const run = promisify(execFile);

/** Of the only machines that images are built for; `ldd` is a shell script around it. */
const loader = '/lib64/ld-linux-x86-64.so.2';
const authorities = '/etc/ssl/certs/ca-certificates.crt';

export type ImageEntry = TarEntry & { data?: Buffer; source?: string };

export interface ProgramImage {
  tag: string;
  entries: ImageEntry[];
}

export interface ImageProgram {
  source: string;
  /** In the image, without a slash at the beginning. */
  path: string;
  isStatic?: boolean;
  xattrs?: Record<string, Buffer>;
}

const common = { uid: 0, gid: 0, mtimeSeconds: 0 };
export const folder = (path: string, mode = 0o755): ImageEntry => ({ ...common, path, type: 'directory', mode });
export const link = (path: string, target: string): ImageEntry => ({ ...common, path, type: 'symlink', mode: 0o777, target });
export const text = (path: string, data: string, mode = 0o644): ImageEntry => ({
  ...{ ...common, path, type: 'file' as const, mode },
  data: Buffer.from(data),
});

/** @param own what the image has beside programs, libraries and authorities @throws Error when a program is missing */
export async function imageOfPrograms(programs: readonly ImageProgram[], own: readonly ImageEntry[]): Promise<ProgramImage> {
  const dynamic = programs.filter(({ isStatic }) => !isStatic);
  const libraries = new Set((await Promise.all(dynamic.map(({ source }) => librariesOf(source)))).flat());
  // Where the loader looks for them, whatever links lead there on this machine.
  const files: ImageProgram[] = [...libraries].sort().map((source) => ({ source, path: source.replace(/^\/(usr\/)?/, '') }));
  if (existsSync(authorities)) files.push({ source: authorities, path: authorities.slice(1) });
  const entries = [...own.filter(({ type }) => type === 'directory'), ...(await Promise.all([...programs, ...files].map(fileEntry)))];
  entries.push(...own.filter(({ type }) => type !== 'directory'));
  const hash = createHash('sha256');
  for (const { data, xattrs = {}, ...facts } of entries) hash.update(JSON.stringify([facts, xattrs])).update(data ?? '');
  return { tag: hash.digest('hex').slice(0, 16), entries };
}

async function fileEntry({ source, path, xattrs }: ImageProgram): Promise<ImageEntry> {
  const file = await realpath(source);
  const { size, mtimeMs } = await stat(file);
  const mtimeSeconds = Math.floor(mtimeMs / 1000);
  return { ...common, path, type: 'file', mode: 0o755, mtimeSeconds, size, source: file, ...(xattrs && { xattrs }) };
}

/** As the loader says. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await run(loader, ['--list', program]);
  return [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path = '']) => path);
}

export interface ImagePorts {
  registry: ClusterRegistry;
  progress(line: string): void;
  signal?: AbortSignal;
}

/** Pushes it if it is not there. @param about what it is for */
export async function provideImage(
  { tag, entries }: ProgramImage,
  { repository, config, about }: { repository: string; config: ImageConfig; about: string },
  { registry, progress, signal }: ImagePorts,
): Promise<void> {
  if ((await registry.digestOf(repository, tag)) !== undefined) return;
  progress(`making the image that ${about} run in, which is done once`);
  await registry.push(repository, layerOf(entries), config, tag, signal);
}

/** The archive of an image's only layer, piece by piece. */
export async function* layerOf(entries: readonly ImageEntry[]): AsyncGenerator<Buffer> {
  for (const { data, source, ...entry } of entries) {
    const size = data?.length ?? entry.size ?? 0;
    yield tarHeader({ ...entry, size });
    if (data) yield data;
    if (source !== undefined) yield* bytesOf(source, size);
    yield padding(size);
  }
  yield tarEnd;
}

async function* bytesOf(source: string, size: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of createReadStream(source, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    yield chunk;
  }
  if (bytes !== size) throw new Error(`${source} has changed while it was read: try again when nothing updates it`);
}
