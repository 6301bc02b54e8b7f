import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, expect, inject, test } from 'vitest';
import { eventually } from '../../tools/cluster/eventually.ts';
import { kubeconfigPath, layoutOf, root, testInstances } from '../../tools/cluster/layout.ts';
import { type NodeLayout, nodeLayouts } from '../../tools/cluster/node-layout.ts';
import { ProcessFolder } from '../../tools/cluster/processes.ts';
import { type CommandResult, runCommand } from '../../tools/cluster/run-command.ts';

const layout = layoutOf(testInstances.up);
const secondNamespace = `berth-${layout.instance}-2`;
const npm = (script: string, ...args: string[]): Promise<CommandResult> =>
  runCommand(['npm', 'run', script, '--', '--instance', layout.instance, ...args], { cwd: root, timeoutMs: 280_000 });

afterAll(async () => {
  if (existsSync(layout.directory)) await npm('down', '--remove-state');
});

/** What belongs to the cluster on this machine; pods' network namespaces are mounts below its directory. */
async function traces(): Promise<string[]> {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').filter((line) => line.includes(`${layout.directory}/`));
  const interfaces = (await readdir('/sys/class/net')).filter((name) =>
    [...['brth', 'brthd', 'berth-api-', 'berth-lan-'].map((prefix) => prefix + layout.instance), secondNamespace].includes(name),
  );
  const namespaces = (await runCommand(['ip', 'netns', 'list'])).stdout.split('\n').filter((line) => line.startsWith(secondNamespace));
  const tables = (await runCommand(['nft', 'list', 'tables'])).stdout
    .split('\n')
    .filter((line) =>
      [' berth-', ' berth-policy-', ' berth-api-', ' berth-lan-'].some((prefix) => line.endsWith(prefix + layout.instance)),
    );
  return [...mounts, ...interfaces, ...namespaces, ...tables, ...(await processes())];
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
  const page = await pageAt('127.0.0.1', layout.exampleNodePort);
  expect(page).toContain('<h1>Hello from Berth</h1>');
  const startMs = performance.now();
  expect((await npm('up')).stdout).toContain('Berth is running');
  expect(performance.now() - startMs).toBeLessThan(20_000);
  await killedAndBack();
  expect((await npm('down')).stdout).toContain('its state stays');
  expect(await traces()).toEqual([]);
});

/** Control plane and agent at once: nobody but their supervisor starts them again, and no container ends. */
async function killedAndBack(): Promise<void> {
  const containers = () => kubectl('-n', 'hello', 'get', 'pods', '-o', 'jsonpath={.items[*].status.containerStatuses[*].containerID}');
  const processes = new ProcessFolder(layout.directory);
  const before = await containers();
  for (const name of ['control-plane', 'node-agent']) await processes.crash(name);
  await eventually('the cluster being back', 120_000, async () => {
    const [pod = ''] = (await kubectl('-n', 'hello', 'get', 'pods', '-o', 'name')).split('\n');
    return (await kubectl('-n', 'hello', 'exec', pod, '--', '/bin/busybox', 'echo', 'up')) === 'up' || undefined;
  });
  expect(await containers()).toBe(before);
}

test('what was there before is there after the next start', async () => {
  const before = await visits();
  expect(before).toBeGreaterThan(0);
  await npm('up');
  const page = await pageAt('127.0.0.1', layout.exampleNodePort);
  expect(Number(/Visits kept in the volume: (\d+)/.exec(page)?.[1])).toBeGreaterThan(before);
});

test('a second node joins what runs, pods of both reach each other, and nothing of it stays behind', async () => {
  const uids = () => kubectl('-n', 'hello', 'get', 'pods', '-o', 'jsonpath={.items[*].metadata.uid}');
  const before = await uids();
  await npm('up', '--nodes', '2');
  expect(await uids()).toBe(before);
  const [first, second] = nodeLayouts(layout, 2) as [NodeLayout, NodeLayout];
  expect((await kubectl('get', 'nodes', '-o', 'name')).split('\n')).toEqual([`node/${first.name}`, `node/${second.name}`]);
  await kubectl('create', 'namespace', 'two');
  const image = `localhost:${layout.registryPort}/berth/hello:1.0`;
  for (const { name } of [first, second]) {
    const overrides = JSON.stringify({ apiVersion: 'v1', spec: { nodeName: name } });
    await kubectl('-n', 'two', 'run', name, '--image', image, '--labels', `app=${name}`, '--overrides', overrides);
    await kubectl('-n', 'two', 'expose', 'pod', name, '--type', 'NodePort', '--port', '80', '--target-port', '8080');
  }
  await kubectl('-n', 'two', 'wait', 'pod', '--all', '--for', 'condition=Ready', '--timeout', '60s');
  const ask = (from: string, host: string, port: number) => {
    const question = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | /bin/busybox nc -w 10 ${host} ${port}`;
    return kubectl('-n', 'two', 'exec', from, '--', '/bin/busybox', 'sh', '-c', question);
  };
  const field = (kind: string, name: string, path: string) => kubectl('-n', 'two', 'get', kind, name, '-o', `jsonpath={${path}}`);
  for (const [from, to] of [
    [first, second],
    [second, first],
  ] as const) {
    const servedByOther = expect.stringContaining(`Served by <b>${to.name}</b>`);
    expect(await ask(from.name, await field('pod', to.name, '.status.podIP'), 8080)).toEqual(servedByOther);
    // By its name, which each node answers for itself.
    expect(await ask(from.name, `${to.name}.two.svc.cluster.local`, 80)).toEqual(servedByOther);
    expect(await pageAt(from.address ?? '', Number(await field('service', to.name, '.spec.ports[0].nodePort')))).toEqual(servedByOther);
    // To the other node and back, by the port of the network between them that it came in at.
    const nodePort = Number(await field('service', from.name, '.spec.ports[0].nodePort'));
    expect(await ask(from.name, to.address ?? '', nodePort)).toContain(`Served by <b>${from.name}</b>`);
    expect(await kubectl('-n', 'two', 'exec', to.name, '--', '/bin/busybox', 'hostname')).toBe(to.name);
  }
  await expect(npm('up', '--nodes', '1')).rejects.toThrow('--nodes: this cluster has 2');
  await npm('down', '--remove-state');
  expect(existsSync(layout.directory)).toBe(false);
  expect(await traces()).toEqual([]);
});

async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await runCommand([inject('kubectl'), '--kubeconfig', kubeconfigPath(layout), ...args], { timeoutMs: 90_000 });
  return stdout.trim();
}

async function pageAt(host: string, port: number): Promise<string> {
  const response = await fetch(`http://${host}:${port}/`, { signal: AbortSignal.timeout(10_000) });
  return response.text();
}

/** Lines of the file that the example keeps in its volume, which is mounted nowhere. */
async function visits(): Promise<number> {
  const volumes = `${layout.directory}/node/volumes`;
  const [volume = ''] = await readdir(volumes);
  const { stdout } = await runCommand(['debugfs', '-R', 'cat /visits', `${volumes}/${volume}`]);
  return stdout.trimEnd().split('\n').length;
}
