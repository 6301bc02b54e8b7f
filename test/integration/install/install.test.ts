// The .deb on three fresh Debians: a cluster by three commands, an upgrade under load, a downgrade that is refused, everything killed, and removal
// without a trace. Takes minutes and debootstrap, so only BERTH_INSTALL_TEST=1 runs it; BERTH_INSTALL_BASE keeps what
// debootstrap made, and BERTH_INSTALL_PACKAGE names a folder that `npm run package` made.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import type { Pod } from '@berth/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../../tools/cluster/eventually.ts';
import { kubectlPath } from '../../../tools/cluster/kubectl.ts';
import { root } from '../../../tools/cluster/layout.ts';
import { runCommand } from '../../../tools/cluster/run-command.ts';
import { type Machine, Machines } from './machines.ts';

const minutes = 60_000;
const image = 'localhost:5055/berth/hello:1.0';
let folder: string;
let machines: Machines;
let kubectlProgram: string;
const debs = { first: '', next: '' };
const before = new Map<string, string[]>();

const [server, ...others] = ['a', 'b', 'c'].map((_, index) => () => machines.all[index] as Machine);
const every = () => [...machines.all];
const first = () => (server as () => Machine)();
const kubectl = async (...args: string[]) => {
  const kubeconfig = join(first().root, 'var', 'lib', 'berth', 'server', 'admin.kubeconfig');
  return (await runCommand(first().network([kubectlProgram, '--kubeconfig', kubeconfig, ...args]), { timeoutMs: 3 * minutes })).stdout;
};
const pods = async () => (JSON.parse(await kubectl('-n', 'hello', 'get', 'pods', '-o', 'json')) as { items: Pod[] }).items;
const containers = async () =>
  (await pods())
    .flatMap(({ status }) => status?.containerStatuses ?? [])
    .map(({ containerID, restartCount }) => `${containerID} ${restartCount}`)
    .sort();
const fetchPage = (url: string) =>
  `fetch('${url}', { signal: AbortSignal.timeout(5000) }).then(async (got) => console.log(await got.text()))`;
const page = async (from: Machine, of: Machine) =>
  (await runCommand(from.network([process.execPath, '-e', fetchPage(`http://${of.address}:30080/`)]), { timeoutMs: 20_000 })).stdout;
const install = (machine: Machine, deb: string) => machine.run(`dpkg -i ${deb}`, 2 * minutes);
const allReady = () =>
  eventually('three nodes that are ready', 2 * minutes, async () =>
    (await kubectl('get', 'nodes', '--no-headers')).match(/ Ready /g)?.length === 3 ? true : undefined,
  );

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'berth-debs-'));
  kubectlProgram = await kubectlPath();
  const made = env.BERTH_INSTALL_PACKAGE;
  if (made) cpSync(made, folder, { recursive: true });
  else await runCommand([process.execPath, join(root, 'tools', 'package.ts'), '--output', folder], { timeoutMs: 10 * minutes });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  debs.first = join(folder, `berth_${version}_amd64.deb`);
  debs.next = await nextVersion(debs.first, version);
  const archive = await helloArchive();
  machines = await Machines.create(['a', 'b', 'c'], env.BERTH_INSTALL_BASE ?? join(folder, 'debian'));
  for (const machine of every()) {
    before.set(machine.name, await machine.traces());
    for (const [name, file] of Object.entries({ ...debs, hello: archive })) cpSync(file, join(machine.root, 'var', 'cache', `${name}.deb`));
  }
}, 20 * minutes);
afterAll(async () => {
  await machines?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 2 * minutes);

/** The same under a higher version. */
async function nextVersion(deb: string, version: string): Promise<string> {
  const [tree, file] = [join(folder, 'next'), join(folder, 'next.deb')];
  await runCommand(['dpkg-deb', '--raw-extract', deb, tree], { timeoutMs: 5 * minutes });
  const control = join(tree, 'DEBIAN', 'control');
  writeFileSync(control, readFileSync(control, 'utf8').replace(`Version: ${version}`, `Version: ${version}+next`));
  await runCommand(['dpkg-deb', '--root-owner-group', '-Zgzip', '-z1', '--build', tree, file], { timeoutMs: 5 * minutes });
  return file;
}

async function helloArchive(): Promise<string> {
  const [context, file] = [join(folder, 'hello'), join(folder, 'hello.tar')];
  cpSync(join(root, 'examples', 'hello'), context, { recursive: true });
  cpSync('/bin/busybox', join(context, 'busybox'));
  const buildah = ['buildah', '--root', join(folder, 'buildah'), '--runroot', join(folder, 'buildah-run'), '--storage-driver', 'vfs'];
  await runCommand([...buildah, 'bud', '--isolation', 'chroot', '--quiet', '--tag', image, context], { timeoutMs: 5 * minutes });
  await runCommand([...buildah, 'push', '--quiet', image, `docker-archive:${file}:${image}`], { timeoutMs: 5 * minutes });
  return file;
}

test('three machines become a cluster by three commands, and the example answers on each', { timeout: 10 * minutes }, async () => {
  for (const machine of every()) await install(machine, '/var/cache/first.deb');
  await first().run('systemctl enable --now berth-server');
  const token = await eventually('a token', minutes, async () => /berth1\.\S+/.exec(await first().run('berth token join'))?.[0]);
  for (const machine of others.map((one) => one())) await machine.run(`berth join --server https://${first().address} --token ${token}`);
  await allReady();
  for (const machine of every()) await machine.run('berth image import /var/cache/hello.deb');
  await kubectl('apply', '-f', join(root, 'examples', 'hello', 'hello.yaml'));
  await kubectl('-n', 'hello', 'rollout', 'status', 'deployment/hello', '--timeout=120s');
  for (const machine of every())
    await eventually(`the page on ${machine.name}`, minutes, async () =>
      (await page(first(), machine)).includes('Hello from Berth') ? true : undefined,
    );
  for (const machine of every()) expect(await machine.run('berth status')).toContain('node');
});

test('the next version is installed under load: no container restarts, no request fails, and the state opens', {
  timeout: 10 * minutes,
}, async () => {
  const running = await containers();
  const ask = `fetch('http://${first().address}:30080/', { headers: { connection: 'close' }, signal: AbortSignal.timeout(10000) })`;
  const script = `(async () => { for (;;) { console.log(await ${ask}.then(({ ok, status }) => (ok ? 'ok' : \`failed \${status}\`), (error) => \`failed \${new Date().toISOString()} \${error.cause ?? error}\`)); await new Promise((go) => setTimeout(go, 50)); } })()`;
  const [program = '', ...args] = (others[0] as () => Machine)().network([process.execPath, '-e', script]);
  const load = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  let answers = '';
  load.stdout.setEncoding('utf8').on('data', (text: string) => {
    answers += text;
  });
  try {
    for (const machine of every()) {
      await install(machine, '/var/cache/next.deb');
      await allReady();
    }
    expect(await kubectl('-n', 'hello', 'get', 'deployment', 'hello', '-o', 'jsonpath={.status.readyReplicas}')).toBe('2');
  } finally {
    process.kill(-(load.pid ?? 0), 'SIGKILL');
  }
  expect(await containers()).toEqual(running);
  expect(await first().run('dpkg-query -W berth')).toMatch(/\+next$/);
  expect(answers.match(/^ok$/gm)?.length).toBeGreaterThan(20);
  expect(answers.match(/^failed.*$/gm) ?? []).toEqual([]);
});

test('a version that does not know the state is refused in words, and everything goes on', { timeout: 5 * minutes }, async () => {
  const note = '/var/lib/berth/server/state-version';
  const known = await first().run(`cat ${note}`);
  await first().run(`echo ${Number(known) + 1} > ${note}`);
  try {
    const words = `package knows ${known} at most.\nberth: a downgrade would misread it: install the version that wrote it`;
    await expect(install(first(), '/var/cache/first.deb')).rejects.toThrow(words);
  } finally {
    await first().run(`echo ${known} > ${note}`);
  }
  expect(await first().run('dpkg --status berth')).toMatch(/^Status: install ok installed$[\s\S]*^Version: .*\+next$/m);
  expect(await page(first(), first())).toContain('Hello from Berth');
});

test('everything is killed at once, and is back without a person', { timeout: 5 * minutes }, async () => {
  for (const machine of every()) {
    // All but systemd and what is its own.
    await machine.run(
      `kill -9 $(ps -e -o pid=,comm= | grep -vE ' (systemd.*|dbus-daemon|\\(sd-pam\\)|agetty|ps|sh|grep|cut|awk)$' | awk '$1 != 1 {print $1}') || true`,
    );
  }
  const sinceMs = performance.now();
  await eventually('the page on each machine', 2 * minutes, async () => {
    for (const machine of every()) if (!(await page(first(), machine)).includes('Hello from Berth')) return undefined;
    return true;
  });
  await allReady();
  console.log(`back after ${((performance.now() - sinceMs) / 1000).toFixed(1)} s`);
  await kubectl('-n', 'hello', 'rollout', 'status', 'deployment/hello', '--timeout=120s');
});

test('purged, it leaves no trace', { timeout: 10 * minutes }, async () => {
  for (const machine of every().reverse()) {
    await machine.run('dpkg --purge berth', 3 * minutes);
    await machine.run('rm /var/cache/*.deb');
    const known = new Set(before.get(machine.name));
    const mayStay =
      /^file (\/var\/log\/|\/var\/lib\/(dpkg|systemd)\/|\/var\/lib\/cni|\/etc\/systemd\/system\/multi-user\.target\.wants$|\/run\/(log|udev|utmp))/;
    expect((await machine.traces()).filter((trace) => !known.has(trace) && !mayStay.test(trace))).toEqual([]);
  }
});
