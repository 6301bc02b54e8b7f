// @kubernetes/client-node, unmodified: informers, patches of every type, exec and port-forward, and a watch that goes on over broken
// connections: for ten minutes when BERTH_LONG_WATCH is set, for half a minute otherwise.
import { createServer, Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  AppsV1Api,
  CoreV1Api,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  PortForward,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Status,
} from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { apply, cluster, kubectl, until, withNamespace } from './kubectl.ts';
import { pod, shell } from './manifests.ts';

async function restartControlPlane(): Promise<void> {
  await cluster().processes.stop('control-plane');
  await cluster().startControlPlane();
}

const watchMs = process.env.BERTH_LONG_WATCH ? 600_000 : 30_000;

function config(): KubeConfig {
  const loaded = new KubeConfig();
  loaded.loadFromFile(cluster().kubeconfig);
  return loaded;
}

test('lists, reads, creates, patches in every way and deletes', () =>
  withNamespace(async (namespace) => {
    const core = config().makeApiClient(CoreV1Api);
    const name = 'settings';
    const made = await core.createNamespacedConfigMap({ namespace, body: { metadata: { name }, data: { a: '1' } } });
    expect(made.metadata?.uid).toMatch(/^[0-9a-f-]{36}$/);
    const patches: [PatchStrategy, object][] = [
      [PatchStrategy.JsonPatch, [{ op: 'add', path: '/data/b', value: '2' }]],
      [PatchStrategy.MergePatch, { data: { a: null, c: '3' } }],
      [PatchStrategy.StrategicMergePatch, { data: { d: '4' } }],
    ];
    for (const [strategy, body] of patches) {
      await core.patchNamespacedConfigMap({ namespace, name, body }, setHeaderOptions('Content-Type', strategy));
    }
    const applied = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { e: '5' } };
    const objects = KubernetesObjectApi.makeApiClient(config());
    await objects.patch(applied, undefined, undefined, 'client-node', true, PatchStrategy.ServerSideApply);
    expect((await core.readNamespacedConfigMap({ namespace, name })).data).toEqual({ b: '2', c: '3', d: '4', e: '5' });
    expect((await config().makeApiClient(AppsV1Api).listNamespacedDeployment({ namespace })).items).toEqual([]);
    await core.deleteNamespacedConfigMap({ namespace, name });
    await expect(core.readNamespacedConfigMap({ namespace, name })).rejects.toMatchObject({ code: 404 });
  }));

test('executes commands and forwards ports', () =>
  withNamespace(async (namespace) => {
    const serve = 'mkdir -p /dev/shm/www; echo hello > /dev/shm/www/index.html; exec /bin/busybox httpd -f -p 8080 -h /dev/shm/www';
    await apply(pod(namespace, 'web', [shell('web', serve)]));
    await kubectl('-n', namespace, 'wait', '--for=condition=Ready', 'pod/web', '--timeout=60s');
    const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const said = text(stdout);
    const ended = new Promise<V1Status>((resolve, reject) => {
      const command = ['/bin/busybox', 'sh', '-c', 'read line; echo "got $line"; exit 3'];
      new Exec(config()).exec(namespace, 'web', 'web', command, stdout, stderr, stdin, false, resolve).catch(reject);
    });
    stdin.end('some input\n');
    expect((await ended).details?.causes).toContainEqual({ reason: 'ExitCode', message: '3' });
    stdout.end();
    expect(await said).toBe('got some input\n');

    const forward = new PortForward(config());
    const server = createServer((socket) => void forward.portForward(namespace, 'web', [8080], socket, null, socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as { port: number };
      const socket = new Socket().connect(port, '127.0.0.1');
      socket.write('GET / HTTP/1.0\r\n\r\n');
      let answer = '';
      socket.on('data', (data) => {
        answer += data;
      });
      await until('an answer', 10_000, async () => answer.includes('200 OK') && answer.includes('hello'));
      socket.destroy();
    } finally {
      server.close();
    }
  }));

test(`an informer misses nothing for ${watchMs / 1000} s, whatever happens to its connections`, { timeout: watchMs + 120_000 }, () =>
  withNamespace(async (namespace) => {
    const core = config().makeApiClient(CoreV1Api);
    const list = () => core.listNamespacedConfigMap({ namespace, labelSelector: 'watched=yes' });
    const informer = makeInformer<V1ConfigMap>(config(), `/api/v1/namespaces/${namespace}/configmaps`, list, 'watched=yes');
    const seen = new Map<string, string>();
    const note = ({ metadata, data }: V1ConfigMap) => void seen.set(metadata?.name ?? '', data?.round ?? '');
    informer.on('add', note);
    informer.on('update', note);
    informer.on('delete', ({ metadata }) => void seen.delete(metadata?.name ?? ''));
    // As its documentation asks: whoever wants it to go on starts it again.
    informer.on('error', () => void informer.start());
    await informer.start();
    const startedAt = Date.now();
    let round = 0;
    try {
      for (; Date.now() - startedAt < watchMs; round++) {
        const name = `c${round % 7}`;
        const body = { metadata: { name, labels: { watched: 'yes' } }, data: { round: String(round) } };
        await core.createNamespacedConfigMap({ namespace, body }).catch(() => core.replaceNamespacedConfigMap({ namespace, name, body }));
        if (round % 5 === 4) await core.deleteNamespacedConfigMap({ namespace, name: `c${(round + 3) % 7}` }).catch(() => undefined);
        // A server that dies takes every connection with it.
        if (round % 40 === 20) await restartControlPlane();
        await until('the informer to see it', 30_000, async () => seen.get(name) === String(round));
      }
      const items = (await list()).items.map(({ metadata, data }) => [metadata?.name, data?.round]).sort();
      await until('the informer to agree', 10_000, async () => JSON.stringify([...seen].sort()) === JSON.stringify(items));
      expect(round).toBeGreaterThan(20);
    } finally {
      await informer.stop();
    }
  }),
);
