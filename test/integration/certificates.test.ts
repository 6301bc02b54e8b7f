// Certificates that are asked for through the API: who decides, who signs, and that what comes back is somebody.
import { readFileSync } from 'node:fs';
import { signingRequest } from '@berth/pki/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KubectlCluster } from './kubectl-cluster.ts';

let cluster: KubectlCluster;
beforeAll(async () => {
  cluster = await KubectlCluster.start(['api', 'controllers']);
});
afterAll(() => cluster.stop());

async function ok(args: string[], input = ''): Promise<string> {
  const { stdout, stderr, code } = await cluster.run(args, { input });
  expect(stderr, args.join(' ')).toBe('');
  expect(code).toBe(0);
  return stdout.trim();
}

const client = { signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] };

test('kubectl certificate approve makes a certificate that is its user', async () => {
  const { object, key } = await signingRequest('alice', { ...client, subject: 'O=dev, CN=alice', expirationSeconds: 3600 });
  await ok(['create', '-f', '-'], JSON.stringify(object));
  expect(await ok(['get', 'csr', 'alice', '--no-headers'])).toMatch(/kube-apiserver-client +kubernetes-admin +60m +Pending/);
  await ok(['certificate', 'approve', 'alice']);
  await ok(['wait', '--for=jsonpath={.status.certificate}', 'csr/alice', '--timeout=10s']);
  expect(await ok(['get', 'csr', 'alice', '--no-headers'])).toContain('Approved,Issued');
  const pem = Buffer.from(await ok(['get', 'csr', 'alice', '-o', 'jsonpath={.status.certificate}']), 'base64').toString();
  const [certificate, privateKey] = [await cluster.file('alice.crt', pem), await cluster.file('alice.key', key)];
  const server = await ok(['config', 'view', '-o', 'jsonpath={.clusters[0].cluster.server}']);
  const ca = await cluster.file('ca.crt', readFileSync(`${cluster.directory}/data/pki/ca.crt`, 'utf8'));
  const anonymous = ['--kubeconfig=/dev/null', `--server=${server}`, `--certificate-authority=${ca}`];
  const who = await ok([...anonymous, `--client-certificate=${certificate}`, `--client-key=${privateKey}`, 'auth', 'whoami', '-o', 'json']);
  expect(JSON.parse(who).status.userInfo).toMatchObject({ username: 'alice', groups: ['dev', 'system:authenticated'] });
});

test('kubectl certificate deny ends it', async () => {
  const { object } = await signingRequest('eve', { ...client, subject: 'CN=eve' });
  await ok(['create', '-f', '-'], JSON.stringify(object));
  await ok(['certificate', 'deny', 'eve']);
  expect(await ok(['get', 'csr', 'eve', '--no-headers'])).toContain('Denied');
  const again = await cluster.run(['certificate', 'approve', 'eve']);
  expect(again.code).not.toBe(0);
});

test('what a signer must not sign fails and says why', async () => {
  const kubelet = { signerName: 'kubernetes.io/kube-apiserver-client-kubelet', usages: ['digital signature', 'client auth'] };
  const { object } = await signingRequest('odd', { ...kubelet, subject: 'O=system:nodes, CN=system:node:n1', dns: ['n1'] });
  await ok(['create', '-f', '-'], JSON.stringify(object));
  await ok(['certificate', 'approve', 'odd']);
  await ok(['wait', '--for=condition=Failed', 'csr/odd', '--timeout=10s']);
  expect(await ok(['get', 'csr', 'odd', '-o', 'jsonpath={.status.conditions[1].message}'])).toBe('DNS subjectAltNames are not allowed');
});

test('a request that is not signed with its own key is refused at once, by its field', async () => {
  const { object, der } = await signingRequest('mine', { ...client, subject: 'CN=mallory' });
  // Another name, under the signature of the old one.
  const bytes = Buffer.from(der);
  bytes.write('alice42', bytes.indexOf('mallory'));
  const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  object.spec.request = Buffer.from(pem).toString('base64');
  const { stderr } = await cluster.run(['create', '-f', '-'], { input: JSON.stringify(object) });
  expect(stderr).toContain('The CertificateSigningRequest "mine" is invalid: spec.request: Invalid value: ');
  expect(stderr).toContain('the signature of the request does not fit its key');
});

test('nobody becomes an administrator by asking', async () => {
  const { object } = await signingRequest('root', { ...client, subject: 'O=system:masters, CN=root' });
  const refused = await cluster.run(['create', '-f', '-'], { input: JSON.stringify(object) });
  expect(refused.stderr).toContain('use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed');
});

test('approving takes the verb approve on the signer', async () => {
  const { object } = await signingRequest('bob', { ...client, subject: 'CN=bob' });
  await ok(['create', '-f', '-'], JSON.stringify(object));
  const refused = await cluster.run(['certificate', 'approve', 'bob', '--as=carl', '--as-group=system:authenticated']);
  expect(refused.stderr).toContain('orbidden');
});
