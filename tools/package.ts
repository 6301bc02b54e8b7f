// npm run package: what a server needs of Berth and nothing else, as a folder that runs from wherever it lies, packed as .tar.gz and as
// .deb. The same sources give the same bytes.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.ts';
import { nodePackages } from './cluster/debian.ts';
import { root } from './cluster/layout.ts';
import { makeDeb, makeTarGz, sha256 } from './package/archives.ts';
import { makeDebianTree, makeInstalledFolder, type Release, setModes } from './package/installed-folder.ts';

/** Where sources say nothing of their time: 2026-01-01. */
const noTimeSeconds = 1_767_225_600;
const executables = ['bin/node', 'bin/berth'];
const usage = `usage: npm run package -- [options]
  --output DIRECTORY  default: dist/package
  --help`;

function release(): Release {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return { version, commit: git('rev-parse', 'HEAD') ?? 'unknown', timeSeconds: Number(git('log', '-1', '--format=%ct') ?? noTimeSeconds) };
}

/** Undefined where the sources are no clone. */
function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

async function main(output: string): Promise<void> {
  await build();
  const made = release();
  const { version, timeSeconds } = made;
  await mkdir(output, { recursive: true });
  const folder = join(output, `berth-${version}`);
  await makeInstalledFolder(root, folder, made);
  await setModes(folder, new Set(executables));
  const tarball = join(output, `berth-${version}-linux-x64.tar.gz`);
  await makeTarGz({ folder, file: tarball, timeSeconds });
  const deb = join(output, `berth_${version}_amd64.deb`);
  await makePackage(folder, deb, made);
  for (const file of [tarball, deb]) console.log(`${await sha256(file)}  ${file}`);
}

async function makePackage(folder: string, file: string, { version, timeSeconds }: Release): Promise<void> {
  const tree = `${folder}.deb`;
  await rm(tree, { recursive: true, force: true });
  await mkdir(join(tree, 'usr', 'lib'), { recursive: true });
  const place = join(tree, 'usr', 'lib', 'berth');
  await rename(folder, place);
  try {
    await makeDebianTree(place, tree);
    const inTree = executables.map((name) => `usr/lib/berth/${name}`);
    await setModes(tree, new Set(inTree));
    const scripts = Object.fromEntries(
      ['preinst', 'postinst', 'prerm', 'postrm'].map((name) => [
        name,
        readFileSync(join(root, 'deploy', 'package', 'debian', name), 'utf8'),
      ]),
    );
    await makeDeb({ folder: tree, file, timeSeconds, version, depends: nodePackages, scripts });
  } finally {
    await rename(place, folder);
    await rm(tree, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: { output: { type: 'string', default: join(root, 'dist', 'package') }, help: { type: 'boolean', default: false } },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
try {
  await main(values.output);
} catch (error) {
  console.error(`berth: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
