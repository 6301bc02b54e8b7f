import type { Deployment, PodList } from '@berth/api';
import { expect, test } from 'vitest';
import { apply, get, kubectl, run, until, withNamespace } from './kubectl.ts';
import { lane } from './lane.ts';
import { shell, waitForEver } from './manifests.ts';

function web(namespace: string, replicas: number, script = waitForEver): Deployment {
  const labels = { app: 'web' };
  const spec = { terminationGracePeriodSeconds: 1, containers: [shell('web', script)] };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

const pods = async (ns: string) => (await get<PodList>('-n', ns, 'pods')).items;

test('a deployment is rolled out, scaled, updated, undone and deleted with kubectl', () =>
  withNamespace(async (ns) => {
    await apply(web(ns, 2));
    expect(await kubectl('-n', ns, 'rollout', 'status', 'deploy/web', '--timeout=60s')).toContain(
      'deployment "web" successfully rolled out',
    );
    expect(await kubectl('-n', ns, 'get', 'deploy', 'web')).toMatch(/web\s+2\/2\s+2\s+2/);
    expect(await kubectl('-n', ns, 'scale', 'deploy/web', '--replicas=3')).toBe('deployment.apps/web scaled\n');
    await kubectl('-n', ns, 'wait', '--for=jsonpath={.status.readyReplicas}=3', 'deploy/web', '--timeout=60s');
    const before = (await pods(ns)).map((pod) => pod.metadata.name);
    expect(await kubectl('-n', ns, 'set', 'env', 'deploy/web', 'ROUND=2')).toBe('deployment.apps/web env updated\n');
    await kubectl('-n', ns, 'rollout', 'status', 'deploy/web', '--timeout=60s');
    expect(await kubectl('-n', ns, 'rollout', 'history', 'deploy/web')).toMatch(/REVISION\s+CHANGE-CAUSE\n1\s+<none>\n2\s+<none>/);
    expect(await kubectl('-n', ns, 'rollout', 'undo', 'deploy/web')).toBe('deployment.apps/web rolled back\n');
    await kubectl('-n', ns, 'rollout', 'status', 'deploy/web', '--timeout=60s');
    await until('the old pods to be gone', 30_000, async () => (await pods(ns)).length === 3);
    const after = await pods(ns);
    expect(after.some((pod) => before.includes(pod.metadata.name))).toBe(false);
    expect(after[0]?.spec.containers[0]?.env).toBeUndefined();
    expect(await kubectl('-n', ns, 'delete', 'deploy', 'web', '--wait=true')).toContain('deployment.apps "web" deleted');
    await until('the pods to follow', 30_000, async () => (await pods(ns)).length === 0);
  }));

test('objects that kubectl creates from its own generators', () =>
  withNamespace(async (ns) => {
    const image = lane().helloImage;
    expect(await kubectl('-n', ns, 'create', 'deployment', 'made', `--image=${image}`, '--', '/bin/busybox', 'sleep', '1000')).toBe(
      'deployment.apps/made created\n',
    );
    expect(await kubectl('-n', ns, 'create', 'configmap', 'made', '--from-literal=a=b')).toBe('configmap/made created\n');
    await kubectl('-n', ns, 'wait', '--for=condition=Available', 'deploy/made', '--timeout=60s');
    expect(await kubectl('-n', ns, 'set', 'image', 'deploy/made', `*=${image}`)).toBe('');
    expect(await kubectl('-n', ns, 'expose', 'deploy/made', '--port=80')).toBe('service/made exposed\n');
    const all = await kubectl('get', 'all', '-A');
    for (const line of [
      /pod\/made-\S+\s+1\/1\s+Running/,
      /deployment\.apps\/made\s+1\/1/,
      /replicaset\.apps\/made-\S+\s+1\s+1\s+1/,
      /service\/made\s+ClusterIP/,
    ]) {
      expect(all).toMatch(line);
    }
  }));

test('a deleted namespace takes everything with it', async () => {
  const ns = await withNamespace(async (name) => {
    await apply(web(name, 2));
    await kubectl('-n', name, 'rollout', 'status', 'deploy/web', '--timeout=60s');
    return name;
  });
  await kubectl('wait', '--for=delete', `namespace/${ns}`, '--timeout=60s');
  const left = await run(['get', 'pods,deployments,replicasets,configmaps', '-n', ns, '-o', 'name']);
  expect(left.stdout).toBe('');
});

test('a service spreads over ready pods only, by cluster address, node port and name', () =>
  withNamespace(async (ns) => {
    const serve = 'while true; do printf "HTTP/1.0 200 OK\\r\\n\\r\\n$HOSTNAME\\n" | /bin/busybox nc -l -p 8080 >/dev/null; done';
    const deployment = web(ns, 2, serve);
    await apply(deployment, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: ns },
      spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    await kubectl('-n', ns, 'rollout', 'status', 'deploy/web', '--timeout=60s');
    const nodePort = await kubectl('-n', ns, 'get', 'service', 'web', '-o', 'jsonpath={.spec.ports[0].nodePort}');
    const address = await kubectl('-n', ns, 'get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}');
    for (const url of [`http://127.0.0.1:${nodePort}/`, `http://${address}/`]) {
      const seen = new Set<string>();
      await until(`answers of both pods from ${url}`, 20_000, async () => {
        seen.add(await (await fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(2_000) })).text());
        return seen.size === 2;
      });
    }
    const looked = await kubectl('-n', ns, 'exec', 'deploy/web', '--', '/bin/busybox', 'nslookup', `web.${ns}.svc.cluster.local`);
    expect(looked).toContain(address);
    await kubectl('-n', ns, 'scale', 'deploy/web', '--replicas=0');
    await until('the service to refuse', 20_000, async () =>
      fetch(`http://${address}/`, { signal: AbortSignal.timeout(1_000) }).then(
        () => false,
        (error: Error) => String((error.cause as { code?: string } | undefined)?.code ?? '') === 'ECONNREFUSED',
      ),
    );
  }));

test('a pod reaches itself through its own service', () =>
  withNamespace(async (ns) => {
    const serve = 'while true; do printf "HTTP/1.0 200 OK\\r\\n\\r\\nmyself" | /bin/busybox nc -l -p 8080 >/dev/null; done';
    await apply(web(ns, 1, serve));
    await kubectl('-n', ns, 'rollout', 'status', 'deploy/web', '--timeout=60s');
    await kubectl('-n', ns, 'expose', 'deploy/web', '--port=80', '--target-port=8080');
    const address = await kubectl('-n', ns, 'get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}');
    // A static wget looks names up with libraries that the image does not have; nc takes the address as it is.
    const ask = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | /bin/busybox nc -w 2 ${address} 80`;
    const answer = await until('the answer', 20_000, async () =>
      kubectl('-n', ns, 'exec', 'deploy/web', '--', '/bin/busybox', 'sh', '-c', ask),
    );
    expect(answer).toContain('myself');
  }));
