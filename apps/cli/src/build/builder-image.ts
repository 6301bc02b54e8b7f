// The image that builds run in, made on first use from programs of Debian that are on this machine: buildah, the two that give it further
// users, a shell, and the libraries that they load. Its tag follows from which files these are (path, size, time of change, which packages
// set), so that another version is another image, and nothing large is read where it is there already.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { builderPaths, builderScripts, builderUid, subordinateIds } from '@berth/controllers/image-build';
import { type TarEntry, tarOf } from '@berth/runtime/tar';

const run = promisify(execFile);

/** Package → its program. */
export const builderPackages = {
  buildah: '/usr/bin/buildah',
  uidmap: '/usr/bin/newuidmap',
  'busybox-static': '/bin/busybox',
} as const;
/** Static, as its package says. */
const shell = builderPackages['busybox-static'];
/** Of packages that every Debian has. */
const essentialPrograms = ['/usr/bin/newgidmap', '/usr/bin/flock', '/bin/tar'];

/** What the scripts say by name. */
const applets = [
  ...['[', 'base64', 'cat', 'chmod', 'cp', 'date', 'env', 'head', 'kill', 'ln', 'ls', 'mkdir', 'mount', 'mv', 'nsenter', 'printf', 'rm'],
  ...['sed', 'sh', 'sleep', 'stat', 'test', 'timeout', 'touch', 'tr', 'unshare', 'xargs'],
];
/** Numbers of the capabilities that each may use, which it gets as a file's (capabilities(7)) instead of being root's. */
const capabilities: Record<string, number> = { newuidmap: 7, newgidmap: 6 };
/** Of the only machines that images are built for; `ldd` is a shell script around it. */
const loader = '/lib64/ld-linux-x86-64.so.2';
const authorities = '/etc/ssl/certs/ca-certificates.crt';

export interface BuilderImage {
  tag: string;
  /** The archive of its only layer. */
  layer(): Promise<Buffer>;
}

/** Packages that this machine misses. */
export function missingPackages(): string[] {
  return Object.entries(builderPackages).flatMap(([name, program]) => (existsSync(program) ? [] : [name]));
}

/** @throws Error when a program is missing */
export async function builderImage(): Promise<BuilderImage> {
  const programs = [...Object.values(builderPackages), ...essentialPrograms];
  const libraries = [...new Set((await Promise.all(programs.filter((program) => program !== shell).map(librariesOf))).flat())].sort();
  const facts = await Promise.all([...programs, ...libraries, ...(existsSync(authorities) ? [authorities] : [])].map(factsOf));
  const hash = createHash('sha256').update(JSON.stringify([facts, applets]));
  for (const { path, data } of configuration()) hash.update(path).update(data ?? '');
  return { tag: hash.digest('hex').slice(0, 16), layer: () => layerOf(programs, libraries) };
}

async function factsOf(path: string): Promise<(string | number)[]> {
  const file = await realpath(path);
  const { size, mtimeMs } = await stat(file);
  return [path, file, size, mtimeMs];
}

async function layerOf(programs: string[], libraries: string[]): Promise<Buffer> {
  return tarOf([
    ...folders,
    ...(await Promise.all(programs.map(programEntry))),
    ...(await Promise.all(libraries.map(libraryEntry))),
    ...applets.map((name) => link(`bin/${name}`, 'busybox')),
    ...(existsSync(authorities) ? [text(authorities.slice(1), await readFile(authorities))] : []),
    ...configuration(),
  ]);
}

type Entry = TarEntry & { data?: Buffer };

const common = { uid: 0, gid: 0, mtimeSeconds: 0 };
const folder = (path: string, mode = 0o755): Entry => ({ ...common, path, type: 'directory', mode });
const link = (path: string, target: string): Entry => ({ ...common, path, type: 'symlink', mode: 0o777, target });
const text = (path: string, data: string | Buffer, mode = 0o644): Entry => ({
  ...{ ...common, path, type: 'file' as const, mode },
  data: Buffer.from(data as string),
});

const folders = [
  ...['bin', 'dev', 'etc', 'etc/containers', 'lib', 'lib64', 'proc', 'run', 'sys', 'usr', 'usr/bin', 'usr/lib', 'var'].map((path) =>
    folder(path),
  ),
  ...['tmp', 'var/tmp'].map((path) => folder(path, 0o1777)),
  ...[builderPaths.context, builderPaths.work, builderPaths.cache].map((path) => folder(path.slice(1))),
];

function configuration(): Entry[] {
  const ids = `builder:${subordinateIds.first}:${subordinateIds.count}\n`;
  return [
    text('etc/passwd', `root:x:0:0:root:/:/bin/sh\nbuilder:x:${builderUid}:${builderUid}:builder:${builderPaths.work}/home:/bin/sh\n`),
    text('etc/group', `root:x:0:\nbuilder:x:${builderUid}:\n`),
    text('etc/subuid', ids),
    text('etc/subgid', ids),
    text('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n'),
    text('etc/containers/policy.json', '{"default":[{"type":"insecureAcceptAnything"}]}\n'),
    ...Object.entries(builderScripts).map(([name, script]) => text(`usr/bin/${name}`, script, 0o755)),
  ];
}

async function programEntry(program: string): Promise<Entry> {
  const name = basename(program);
  const capability = capabilities[name];
  const path = name === 'busybox' ? 'bin/busybox' : `usr/bin/${name}`;
  const entry = text(path, await readFile(program), 0o755);
  return capability === undefined ? entry : { ...entry, xattrs: { 'security.capability': fileCapability(capability) } };
}

/** As the kernel keeps it (vfs_cap_data, version 2): permitted and effective. */
function fileCapability(number: number): Buffer {
  const data = Buffer.alloc(20);
  data.writeUInt32LE(0x02_00_00_01, 0);
  data.writeUInt32LE(2 ** number, 4);
  return data;
}

/** Where the loader looks for them, whatever links lead there on this machine. */
async function libraryEntry(library: string): Promise<Entry> {
  const path = library.replace(/^\/(usr\/)?/, '');
  return text(path, await readFile(await realpath(library)), 0o755);
}

/** As the loader says. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await run(loader, ['--list', program]);
  return [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path = '']) => path);
}
