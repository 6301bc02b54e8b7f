// Pods are somebody: the files that client libraries read are there, and the token in them is the pod's account.
import { expect, test } from 'vitest';
import { apply, kubectl, run, withNamespace } from './kubectl.ts';
import { lane } from './lane.ts';
import { pod, shell, waitForEver } from './manifests.ts';

const folder = '/var/run/secrets/kubernetes.io/serviceaccount';

test('a pod has a token of its account, the CA and its namespace', () =>
  withNamespace(async (ns) => {
    await apply(pod(ns, 'web', [shell('main', waitForEver)]));
    await kubectl('-n', ns, 'wait', '--for=condition=Ready', 'pod/web', '--timeout=30s');
    const read = (name: string) => kubectl('-n', ns, 'exec', 'web', '--', '/bin/busybox', 'cat', `${folder}/${name}`);
    expect(await read('namespace')).toBe(ns);
    expect(await read('ca.crt')).toContain('BEGIN CERTIFICATE');
    const token = await read('token');
    const { server, ca } = await clusterOf();
    const as = (...args: string[]) =>
      run([`--kubeconfig=/dev/null`, `--server=${server}`, `--certificate-authority=${ca}`, `--token=${token}`, ...args]);
    const who = await as('auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}');
    expect(who.stdout).toBe(`system:serviceaccount:${ns}:default`);
    const denied = await as('get', 'pods', '-n', ns).catch((error) => error);
    expect(denied.stderr).toContain(`User "system:serviceaccount:${ns}:default" cannot list resource "pods"`);
    await kubectl('-n', ns, 'delete', 'pod', 'web', '--now', '--wait');
    const gone = await as('auth', 'whoami').catch((error) => error);
    expect(gone.stderr).toContain('Unauthorized');
  }));

test('no token where none is wanted', () =>
  withNamespace(async (ns) => {
    await apply(pod(ns, 'plain', [shell('main', waitForEver)], { automountServiceAccountToken: false }));
    await kubectl('-n', ns, 'wait', '--for=condition=Ready', 'pod/plain', '--timeout=30s');
    const listed = await run(['-n', ns, 'exec', 'plain', '--', '/bin/busybox', 'ls', folder]).catch((error) => error);
    expect(listed.stderr).toContain('No such file');
  }));

async function clusterOf() {
  const server = (await kubectl('config', 'view', '-o', 'jsonpath={.clusters[0].cluster.server}')).trim();
  return { server, ca: `${lane().layout.directory}/pki/ca.crt` };
}
