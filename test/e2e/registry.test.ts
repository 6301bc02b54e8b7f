// The registry in the cluster as it is typed: installed, pushed to with an account's token and with none, pulled from by its name, and gone without a
// trace. What it removes and frees is looked at where BERTH_E2E_REGISTRY_GC is set, since that makes an image with a Node in it.
import { copyFile, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runBuild } from '../../apps/cli/src/build/build.ts';
import { runRegistry } from '../../apps/cli/src/registry/registry.ts';
import { plain } from '../../apps/cli/src/terminal.ts';
import { runCommand } from '../../tools/cluster/run-command.ts';
import { apply, cluster, get, kubectl, run, withNamespace } from './kubectl.ts';
import { pod } from './manifests.ts';

const host = 'registry.berth-registry.svc';
const old = new Date('2026-01-01');

async function registry(...argv: string[]) {
  const printed: string[] = [];
  const code = await runRegistry([...argv, '--kubeconfig', cluster().kubeconfig], (text) => printed.push(text));
  return { code, text: printed.join('\n') };
}

/** Prepares the namespace's account; then builds and pushes by the name of the registry in the cluster. */
async function build(ns: string, ...argv: string[]) {
  const printed: string[] = [];
  await runBuild(['--kubeconfig', cluster().kubeconfig, '-n', ns, ...argv], {
    print: (text) => printed.push(text),
    note: () => undefined,
    isTerminal: false,
    paint: plain,
    environment: {},
    signal: new AbortController().signal,
  });
  return printed.join('\n');
}

test('the registry in the cluster takes images of those who may push them, and nodes pull them by its name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-e2e-registry-'));
  try {
    await registry('install', '--size', '256Mi');
    expect((await registry('status')).text).toContain('serves       yes');
    await withNamespace(async (ns) => {
      await copyFile('/bin/busybox', join(folder, 'busybox'));
      await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY busybox /bin/busybox\nCMD ["/bin/busybox", "echo", "pulled"]\n');
      // By who is in the cluster.
      const built = await build(ns, '-t', `${host}/${ns}/app:1`, folder);
      await apply(pod(ns, 'app', [{ name: 'main', image: built }], { restartPolicy: 'Never' }));
      await kubectl('-n', ns, 'wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/app', '--timeout=60s');
      expect(await kubectl('-n', ns, 'logs', 'app')).toBe('pulled\n');
      // By who is elsewhere, with a token, and without.
      const ca = await kubectl('-n', ns, 'get', 'cm', 'kube-root-ca.crt', '-o', 'jsonpath={.data.ca\\.crt}');
      await writeFile(join(folder, 'ca.crt'), ca);
      const address = await kubectl('-n', 'berth-registry', 'get', 'svc', 'registry', '-o', 'jsonpath={.spec.clusterIP}');
      const token = (await kubectl('-n', ns, 'create', 'token', 'berth-builder')).trim();
      const other = (await kubectl('-n', ns, 'create', 'token', 'default')).trim();
      await push(folder, [], `${address}/${ns}/hand:1`).then(
        () => expect.fail('somebody without a token has pushed'),
        (error: Error) => expect(error.message).toMatch(/unauthorized: authentication required/),
      );
      const denied = /denied: requested access to the resource is denied/;
      await expect(push(folder, ['--creds', `x:${other}`], `${address}/${ns}/hand:1`)).rejects.toThrow(denied);
      await expect(push(folder, ['--creds', `x:${token}`], `${address}/other/hand:1`)).rejects.toThrow(denied);
      await push(folder, ['--creds', `x:${token}`], `${address}/${ns}/hand:1`);
      if (process.env.BERTH_E2E_REGISTRY_GC) await collect(folder, ns, token, address);
    });
    expect(await registry('uninstall', '--force')).toEqual({ code: 0, text: 'the registry is gone, with all its images' });
    const { items } = await get<{ items: { metadata: { name: string } }[] }>('ns,pv,clusterroles,clusterrolebindings,csr');
    expect(items.map(({ metadata }) => metadata.name).filter((name) => name.includes('registry'))).toEqual([]);
    expect(await registry('status')).toMatchObject({ code: 1, text: expect.stringContaining('no registry is installed') });
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** With buildah of this machine, as root. */
async function push(folder: string, credentials: string[], image: string, name = 'Dockerfile'): Promise<void> {
  const buildah = ['buildah', '--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
  await runCommand([...buildah, 'build', '-q', '--isolation', 'chroot', '-f', join(folder, name), '-t', 'hand', folder], {
    timeoutMs: 60_000,
  });
  await runCommand([...buildah, 'push', '-q', '--cert-dir', folder, ...credentials, 'hand', `docker://${image}`], { timeoutMs: 60_000 });
}

/** A tag that is given to another image leaves the first one behind. */
async function collect(folder: string, ns: string, token: string, address: string): Promise<void> {
  await writeFile(join(folder, 'Other'), 'FROM scratch\nCOPY Dockerfile /only-here\n');
  await push(folder, ['--creds', `x:${token}`], `${address}/${ns}/hand:1`, 'Other');
  // As if it were long ago: what is young stays.
  const { stdout: uid } = await run(['get', 'pods', '-n', 'berth-registry', '-o', 'jsonpath={.items[0].metadata.uid}']);
  const mounted = join(cluster().layout.directory, 'node', 'pods', uid, 'volumes', 'data');
  for (const path of await readdir(mounted, { recursive: true })) await utimes(join(mounted, path), old, old);
  const first = JSON.parse((await registry('gc', '-o', 'json')).text) as { manifests: string[]; blobs: number };
  expect(first.manifests).toEqual([expect.stringContaining(`${ns}/hand@sha256:`)]);
  expect(first.blobs).toBeGreaterThan(0);
  expect(JSON.parse((await registry('gc', '-o', 'json')).text)).toMatchObject({ manifests: [], gone: first.blobs });
}
