// `berth compose` against a cluster of hollow nodes, as it is typed: up in order, what the file no longer has, logs, ps, down.
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCompose } from '../../apps/cli/src/compose/compose.ts';
import { type HollowCluster, startHollowCluster } from './hollow-cluster.ts';

let cluster: HollowCluster;

beforeAll(async () => {
  cluster = await startHollowCluster(['n1']);
  await kubectl('wait', '--for=condition=Ready', 'node/n1', '--timeout=30s');
}, 60_000);

afterAll(() => cluster?.stop());

async function kubectl(...args: string[]): Promise<string> {
  const { stdout, stderr, code } = await cluster.kubectl.run(args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: expect.any(String) });
  return stdout;
}

async function compose(argv: string[], stdin: string, isTerminal = true) {
  const printed: string[] = [];
  const warned: string[] = [];
  const code = await runCompose(['--kubeconfig', cluster.kubectl.controlPlane.kubeconfigPath, '-p', 'shop', '-f', '-', ...argv], {
    print: (text) => printed.push(text),
    warn: (text) => warned.push(text),
    isTerminal,
    stdin: Readable.from([stdin]),
    environment: {},
    directory: cluster.kubectl.directory,
    signal: new AbortController().signal,
  });
  return { code, text: printed.join('\n'), warned };
}

const file = `
services:
  web:
    image: hollow/run:1
    ports: ["8080:80"]
    scale: 2
    depends_on: { migrate: { condition: service_completed_successfully }, db: { condition: service_healthy } }
    configs: [site]
  migrate: { image: hollow/exit:0, depends_on: [db] }
  db: { image: hollow/run:1, networks: { default: { aliases: [database] } } }
configs: { site: { content: hello } }
`;

test('up in order, again without a change, changed, and down', { timeout: 100_000 }, async () => {
  const up = await compose(['up'], file);
  expect(up.code).toBe(0);
  const order = up.warned.filter((line) => /^(Deployment|Job) |completed$/.test(line));
  expect(order).toEqual([
    'Deployment db: created',
    'Job migrate: created',
    'migrate: waiting until it is completed',
    'Deployment web: created',
  ]);
  const listed = JSON.parse((await compose(['ps', '-o', 'json', 'web'], file)).text);
  expect(listed).toMatchObject([{ service: 'web', status: 'Running', ready: '1/1' }, { service: 'web' }]);
  expect(
    await kubectl('-n', 'shop', 'get', 'deployment', 'web', '--show-managed-fields', '-o', 'jsonpath={.metadata.managedFields[*].manager}'),
  ).toContain('berth-compose');

  const again = await compose(['up', '-d'], file);
  expect(again.warned).toEqual(
    expect.arrayContaining(['Deployment web: unchanged', 'Deployment db: unchanged', 'Service web-published: unchanged']),
  );
  // What has ended runs again, as in Docker.
  expect(again.warned).toContain('Job migrate: changed');

  const fewer = await compose(['up'], 'services: { db: { image: "hollow/run:2" } }', false);
  expect(fewer).toMatchObject({ code: 0, text: '', warned: [] });
  const left = await kubectl(
    '-n',
    'shop',
    'get',
    'deployments,jobs,services,configmaps',
    '-l',
    'com.docker.compose.project=shop',
    '-o',
    'name',
  );
  expect(left.trim().split('\n')).toEqual(['deployment.apps/db', 'service/db']);

  expect(await compose(['down'], file, false)).toMatchObject({ code: 0, text: '', warned: [] });
  expect(await kubectl('-n', 'shop', 'get', 'pods,deployments,services', '-o', 'name')).toBe('');
});

test('a service that does not come says why, and what a job did that failed', { timeout: 60_000 }, async () => {
  const missing = 'services: { web: { image: "hollow/missing:1" } }';
  await expect(compose(['up', '-t', '3'], missing)).rejects.toThrow(
    /web is not ready after 3 s.*; berth why deployment\/web -n shop says why/,
  );
  const failing =
    'services: { job: { image: "hollow/exit:1", restart: "no" }, web: { image: x, depends_on: { job: { condition: service_completed_successfully } } } }';
  await expect(compose(['up', '-t', '60'], failing)).rejects.toThrow(/job has failed: .*berth compose logs job shows its output/);
  expect((await compose(['down', '-v'], failing)).code).toBe(0);
});
