// The image that builds run in, made on first use from programs of Debian that are on this machine: buildah, the two that give it further
// users, a shell, and the libraries that they load.
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { builderPaths, builderScripts, builderUid, subordinateIds } from '@berth/controllers/image-build';
import { folder, type ImageEntry, imageOfPrograms, link, type ProgramImage, text } from './image-of-programs.ts';

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

/** Packages that this machine misses. */
export function missingPackages(): string[] {
  return Object.entries(builderPackages).flatMap(([name, program]) => (existsSync(program) ? [] : [name]));
}

/** @throws Error when a program is missing */
export function builderImage(): Promise<ProgramImage> {
  const programs = [...Object.values(builderPackages), ...essentialPrograms].map((source) => {
    const name = basename(source);
    const capability = capabilities[name];
    return {
      ...{ source, path: source === shell ? 'bin/busybox' : `usr/bin/${name}`, isStatic: source === shell },
      ...(capability !== undefined && { xattrs: { 'security.capability': fileCapability(capability) } }),
    };
  });
  return imageOfPrograms(programs, [...folders, ...applets.map((name) => link(`bin/${name}`, 'busybox')), ...configuration()]);
}

const folders = [
  ...['bin', 'dev', 'etc', 'etc/containers', 'lib', 'lib64', 'proc', 'run', 'sys', 'usr', 'usr/bin', 'usr/lib', 'var'].map((path) =>
    folder(path),
  ),
  ...['tmp', 'var/tmp'].map((path) => folder(path, 0o1777)),
  ...[builderPaths.context, builderPaths.work, builderPaths.cache].map((path) => folder(path.slice(1))),
];

function configuration(): ImageEntry[] {
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

/** As the kernel keeps it (vfs_cap_data, version 2): permitted and effective. */
function fileCapability(number: number): Buffer {
  const data = Buffer.alloc(20);
  data.writeUInt32LE(0x02_00_00_01, 0);
  data.writeUInt32LE(2 ** number, 4);
  return data;
}
