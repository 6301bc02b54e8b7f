// A rolling update under load loses no request: clients in a pod and on the node ask through a Service, and one through an Ingress, by new
// connections and by kept ones, and retry nothing, while its Deployment is restarted again and again. BERTH_ROLLING_REQUESTS (of each kind, for each client) and
// BERTH_ROLLING_RESTARTS make it longer; BERTH_ROLLING_BUSY=1 keeps all cores busy meanwhile.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Container, Deployment, Ingress, Service } from '@berth/api';
import { expect, inject, test } from 'vitest';
import { apply, cluster, kubectl, run, until, withNamespace } from './kubectl.ts';
import { pod, shell, waitForEver } from './manifests.ts';

const requests = Number(process.env.BERTH_ROLLING_REQUESTS ?? 1_000);
const restarts = Number(process.env.BERTH_ROLLING_RESTARTS ?? 2);
const programs = join(import.meta.dirname, 'rolling-load');
const minuteMs = 60_000;
const testTimeoutMs = 4 * minuteMs + restarts * minuteMs + requests * 10;

/** Runs one of the programs by this machine's own Node, in a container: the images of the tests hold none. */
const onMachine = (program: string, ...args: string[]) => [
  '/bin/busybox',
  'chroot',
  '/machine',
  process.execPath,
  join(programs, program),
  ...args,
];
const machine = { volumes: [{ name: 'machine', hostPath: { path: '/' } }] };
/** As root, who may change its root. */
const mounts = {
  securityContext: { runAsUser: 0 },
  volumeMounts: [{ name: 'machine', mountPath: '/machine', readOnly: true }],
};

function deployment(namespace: string): Deployment {
  const server: Container = {
    ...shell('server', '', mounts),
    command: onMachine('server.ts'),
    readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 },
    lifecycle: { preStop: { sleep: { seconds: 3 } } },
  };
  const labels = { app: 'server' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'server', namespace },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { ...machine, containers: [server] } },
    },
  };
}

function service(namespace: string): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'server', namespace },
    spec: { selector: { app: 'server' }, ports: [{ port: 80, targetPort: 8080 }] },
  };
}

/** For any host, as a default class serves it. */
function ingress(namespace: string): Ingress {
  const backend = { service: { name: 'server', port: { number: 80 } } };
  const rules = [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }];
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'server', namespace }, spec: { rules } };
}

/** A client that asks until `finish`, and then says how it went. */
async function startClient(
  command: string[],
): Promise<{ finish(): Promise<Record<'fresh' | 'kept', ClientOutcome>>; child: ChildProcess }> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const closed = once(child, 'close');
  await once(child.stdout, 'data');
  return {
    child,
    finish: async () => {
      child.stdin.write('enough\n');
      await closed;
      return JSON.parse(output.slice(output.indexOf('{')));
    },
  };
}

interface ClientOutcome {
  requests: number;
  failures: object[];
  slowestMs: number;
  servers: string[];
}

test(
  'clients that retry nothing lose no request while a Deployment behind a Service and an Ingress is restarted',
  () =>
    withNamespace(async (ns) => {
      const children: ChildProcess[] = [];
      try {
        await apply(deployment(ns), service(ns), ingress(ns), pod(ns, 'client', [shell('main', waitForEver, mounts)], machine));
        await kubectl('-n', ns, 'rollout', 'status', 'deployment/server', '--timeout=120s');
        await kubectl('-n', ns, 'wait', '--for=condition=Ready', 'pod/client', '--timeout=60s');
        const address = await kubectl('-n', ns, 'get', 'service', 'server', '-o', 'jsonpath={.spec.clusterIP}');
        const counts = [String(requests), String(requests)];
        const args = [`http://${address}/`, ...counts];
        const proxied = `http://127.0.0.1:${cluster().layout.ingressHttpPort}/`;
        await until('an answer through the Ingress', 60_000, async () => (await fetch(proxied)).ok);
        const exec = [inject('kubectl'), '--kubeconfig', cluster().kubeconfig, '-n', ns, 'exec', '-i', 'client', '--'];
        const clients = [
          await startClient([process.execPath, join(programs, 'client.ts'), ...args]),
          await startClient([process.execPath, join(programs, 'client.ts'), proxied, ...counts]),
          await startClient([...exec, ...onMachine('client.ts', ...args)]),
        ];
        children.push(...clients.map(({ child }) => child));
        if (process.env.BERTH_ROLLING_BUSY)
          children.push(...Array.from({ length: availableParallelism() }, () => spawn('sh', ['-c', 'while :; do :; done'])));
        for (let round = 0; round < restarts; round++) {
          await kubectl('-n', ns, 'rollout', 'restart', 'deployment/server');
          await run(['-n', ns, 'rollout', 'status', 'deployment/server', '--timeout=170s'], { timeoutMs: 180_000 });
        }
        for (const client of clients) {
          const { fresh, kept } = await client.finish();
          for (const outcome of [fresh, kept]) {
            expect(outcome.failures).toEqual([]);
            expect(outcome.requests).toBeGreaterThanOrEqual(requests);
            expect(outcome.servers.length).toBeGreaterThan(3);
          }
          if (process.env.BERTH_ROLLING_REQUESTS) console.log(JSON.stringify({ fresh, kept }));
        }
      } finally {
        for (const child of children) child.kill('SIGKILL');
      }
    }),
  testTimeoutMs,
);
