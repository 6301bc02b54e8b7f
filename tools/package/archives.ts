// A folder as .tar.gz and as .deb, whose bytes depend on nothing but what is in it: names in order, one time, root as owner.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { runCommand } from '../cluster/run-command.ts';
import { filesBelow } from './installed-folder.ts';

const timeoutMs = 300_000;
/** More takes minutes and saves a tenth. */
const compression = '6';

export interface ArchiveOptions {
  folder: string;
  file: string;
  timeSeconds: number;
}

/** The folder's own name is the first in the archive. */
export async function makeTarGz({ folder, file, timeSeconds }: ArchiveOptions): Promise<void> {
  const plain = `${file}.tar`;
  const same = [
    '--sort=name',
    '--format=gnu',
    `--mtime=@${timeSeconds}`,
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--hard-dereference',
  ];
  await runCommand(['tar', ...same, '-C', dirname(folder), '-cf', plain, basename(folder)], {
    timeoutMs,
    env: { ...process.env, LC_ALL: 'C' },
  });
  await runCommand(['gzip', '-n', `-${compression}`, '-f', '-S', '.gz', plain], { timeoutMs });
  await runCommand(['mv', `${plain}.gz`, file]);
}

export interface DebOptions extends ArchiveOptions {
  version: string;
  depends: readonly string[];
  /** Maintainer scripts by their names. */
  scripts: Record<string, string>;
}

/** @param options.folder is what the package puts below `/` */
export async function makeDeb({ folder, file, timeSeconds, version, depends, scripts }: DebOptions): Promise<void> {
  const meta = join(folder, 'DEBIAN');
  await rm(meta, { recursive: true, force: true });
  const files = filesBelow(folder);
  await mkdir(meta);
  await writeFile(join(meta, 'control'), control({ version, depends, installedKib: kibOf(folder, files) }));
  await writeFile(join(meta, 'conffiles'), listed(files.filter((name) => name.startsWith('etc/')).map((name) => `/${name}`)));
  await writeFile(
    join(meta, 'md5sums'),
    listed(files.filter((name) => !name.startsWith('etc/')).map((name) => `${md5(join(folder, name))}  ${name}`)),
  );
  for (const [name, text] of Object.entries(scripts)) await writeFile(join(meta, name), text);
  // dpkg refuses what this user's mask may have made of them.
  for (const name of filesBelow(meta)) await chmod(join(meta, name), Object.hasOwn(scripts, name) ? 0o755 : 0o644);
  await chmod(meta, 0o755);
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(timeSeconds), LC_ALL: 'C' };
  await runCommand(['dpkg-deb', '--root-owner-group', '-Zgzip', `-z${compression}`, '--build', folder, file], { timeoutMs, env });
}

export async function sha256(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

function control({ version, depends, installedKib }: { version: string; depends: readonly string[]; installedKib: number }): string {
  return `Package: berth
Version: ${version}
Architecture: amd64
Maintainer: The authors of Berth <berth@localhost>
Section: admin
Priority: optional
Installed-Size: ${installedKib}
Depends: ${depends.join(', ')}
Description: container orchestrator that speaks the Kubernetes API
 Control plane and node agent of Berth, with the Node that they run on.
 Containers are run by containerd and runc.
`;
}

function kibOf(folder: string, files: string[]): number {
  return files.reduce((sum, name) => sum + Math.ceil(readFileSync(join(folder, name)).length / 1024), 0);
}

function md5(file: string): string {
  return createHash('md5').update(readFileSync(file)).digest('hex');
}

function listed(lines: string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
