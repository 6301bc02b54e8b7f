// Programs in pods speak to the API as client libraries find it there: by the service's address from the environment, by its name, with the
// account's token and the CA beside it. kubectl in a pod is such a program: it is made of client-go, and has no kubeconfig there.
import { dirname } from 'node:path';
import { expect, inject, test } from 'vitest';
import { apply, kubectl, run, withNamespace } from './kubectl.ts';
import { pod, shell, waitForEver } from './manifests.ts';

const account = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A pod that has the real kubectl at /kubectl/kubectl-1.35. */
async function startPod(ns: string, name: string, more: object = {}): Promise<void> {
  const container = shell('main', waitForEver, { volumeMounts: [{ name: 'kubectl', mountPath: '/kubectl', readOnly: true }] });
  const volumes = [{ name: 'kubectl', hostPath: { path: dirname(inject('kubectl')) } }];
  await apply(pod(ns, name, [container], { volumes, ...more }));
  await kubectl('-n', ns, 'wait', '--for=condition=Ready', `pod/${name}`, '--timeout=60s');
}

const inPod = (ns: string, name: string, ...args: string[]) => kubectl('-n', ns, 'exec', name, '--', '/kubectl/kubectl-1.35', ...args);

test('the in-cluster configuration of client-go works, from the pods’ network and the node’s', () =>
  withNamespace(async (ns) => {
    await startPod(ns, 'client');
    await startPod(ns, 'on-host', { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' });
    for (const name of ['client', 'on-host']) {
      const who = await inPod(ns, name, 'auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}');
      expect(who).toBe(`system:serviceaccount:${ns}:default`);
      const denied = await run(['-n', ns, 'exec', name, '--', '/kubectl/kubectl-1.35', 'get', 'pods']).catch((error) => error);
      expect(denied.stderr).toContain(`User "system:serviceaccount:${ns}:default" cannot list resource "pods"`);
    }
    await kubectl('-n', ns, 'create', 'rolebinding', 'edit', '--clusterrole=edit', `--serviceaccount=${ns}:default`);
    await inPod(ns, 'client', 'create', 'configmap', 'from-within', '--from-literal=a=b');
    expect(await inPod(ns, 'client', 'wait', '--for=jsonpath={.data.a}=b', 'configmap/from-within')).toContain('condition met');
  }));

test('every name of the service is in the certificate, and so are the addresses of service and endpoint', () =>
  withNamespace(async (ns) => {
    await startPod(ns, 'client');
    const { endpoints, ports } = JSON.parse(await kubectl('-n', 'default', 'get', 'endpointslice', 'kubernetes', '-o', 'json'));
    const service = await kubectl('-n', 'default', 'get', 'service', 'kubernetes', '-o', 'jsonpath={.spec.clusterIP}');
    expect(endpoints).toHaveLength(1);
    const names = ['kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', service];
    for (const host of [...names, `${endpoints[0].addresses[0]}:${ports[0].port}`]) {
      const options = [`--server=https://${host}`, `--certificate-authority=${account}/ca.crt`];
      const token = await kubectl('-n', ns, 'exec', 'client', '--', '/bin/busybox', 'cat', `${account}/token`);
      const who = await inPod(ns, 'client', ...options, `--token=${token}`, 'auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}');
      expect(who, host).toBe(`system:serviceaccount:${ns}:default`);
    }
  }));

test('a pod finds the issuer of its token, and the keys that tokens are signed with', () =>
  withNamespace(async (ns) => {
    await startPod(ns, 'client');
    const issuer = JSON.parse(await inPod(ns, 'client', 'get', '--raw', '/.well-known/openid-configuration'));
    const token = await kubectl('-n', ns, 'exec', 'client', '--', '/bin/busybox', 'cat', `${account}/token`);
    const [head, claims] = token
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
    expect(claims.iss).toBe(issuer.issuer);
    const keysUrl = new URL(issuer.jwks_uri);
    const options = [`--server=${keysUrl.origin}`, `--certificate-authority=${account}/ca.crt`, `--token=${token}`];
    const { keys } = JSON.parse(await inPod(ns, 'client', ...options, 'get', '--raw', keysUrl.pathname));
    expect(keys.map(({ kid }: { kid: string }) => kid)).toContain(head.kid);
  }));
