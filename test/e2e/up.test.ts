import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, expect, test } from 'vitest';
import { layoutOf, root, testInstances } from '../../tools/cluster/layout.ts';
import { type CommandResult, runCommand } from '../../tools/cluster/run-command.ts';

const layout = layoutOf(testInstances.up);
const npm = (script: string, ...args: string[]): Promise<CommandResult> =>
  runCommand(['npm', 'run', script, '--', '--instance', layout.instance, ...args], { cwd: root, timeoutMs: 280_000 });

afterAll(async () => {
  if (existsSync(layout.directory)) await npm('down', '--remove-state');
});

/** What belongs to the cluster on this machine; network namespaces are mounts below its directory. */
async function traces(): Promise<string[]> {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').filter((line) => line.includes(`${layout.directory}/`));
  const interfaces = (await readdir('/sys/class/net')).filter((name) =>
    [`brth${layout.instance}`, `brthd${layout.instance}`, `berth-api-${layout.instance}`].includes(name),
  );
  const tables = (await runCommand(['nft', 'list', 'tables'])).stdout
    .split('\n')
    .filter((line) => [` berth-${layout.instance}`, ` berth-api-${layout.instance}`].some((name) => line.endsWith(name)));
  return [...mounts, ...interfaces, ...tables, ...(await processes())];
}

async function processes(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(emptyIfGone)));
  return lines.map((line) => line.replaceAll('\0', ' ')).filter((line) => line.includes(`${layout.directory}/`));
}

/** Processes end while they are looked at. */
function emptyIfGone(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT' || error.code === 'ESRCH') return '';
  throw error;
}

test('npm run up serves the example from both replicas, is a quick no-op again, and npm run down leaves nothing behind', async () => {
  const first = await npm('up');
  expect(first.stdout).toMatch(/Berth is up, and hello-\S+ and hello-\S+ answer\./);
  const page = await (await fetch(`http://127.0.0.1:${layout.exampleNodePort}/`)).text();
  expect(page).toContain('<h1>Hello from Berth</h1>');
  const startMs = performance.now();
  expect((await npm('up')).stdout).toContain('Berth is running');
  expect(performance.now() - startMs).toBeLessThan(20_000);
  expect((await npm('down')).stdout).toContain('its state stays');
  expect(await traces()).toEqual([]);
});

test('what was there before is there after the next start', async () => {
  const before = await visits();
  expect(before).toBeGreaterThan(0);
  await npm('up');
  const page = await (await fetch(`http://127.0.0.1:${layout.exampleNodePort}/`)).text();
  expect(Number(/Visits kept in the volume: (\d+)/.exec(page)?.[1])).toBeGreaterThan(before);
  await npm('down', '--remove-state');
  expect(existsSync(layout.directory)).toBe(false);
  expect(await traces()).toEqual([]);
});

/** Lines of the file that the example keeps in its volume. */
async function visits(): Promise<number> {
  const volumes = `${layout.directory}/node/volumes`;
  const [volume = ''] = await readdir(volumes);
  return (await readFile(`${volumes}/${volume}/visits`, 'utf8')).trimEnd().split('\n').length;
}
