// nodes/proxy with the real kubectl: what agents of hollow nodes serve as a kubelet would, through the tunnels of their sessions.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kubectlPath } from '../../tools/cluster/kubectl.ts';
import { type HollowCluster, startHollowCluster } from './hollow-cluster.ts';

let cluster: HollowCluster;

beforeAll(async () => {
  cluster = await startHollowCluster(['n1', 'n2']);
  await kubectl('wait', '--for=condition=Ready', 'node/n1', 'node/n2', '--timeout=15s');
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'hollow/run' }] },
  };
  await kubectl('apply', '-f', await cluster.kubectl.file('web.json', JSON.stringify(pod)));
  await kubectl('wait', '--for=condition=Ready', 'pod/web', '--timeout=15s');
}, 40_000);

afterAll(() => cluster?.stop());

async function kubectl(...args: string[]): Promise<string> {
  const { stdout, stderr, code } = await cluster.kubectl.run(args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: expect.any(String) });
  return stdout;
}

const raw = (node: string, path: string) => kubectl('get', '--raw', `/api/v1/nodes/${node}/proxy${path}`);

test.each(['n1', 'n2', 'n1:10250', 'https:n1:', 'https:n1:10250', 'http:n1:10250'])('%s is healthy', async (name) => {
  expect(await raw(name, '/healthz')).toBe('ok');
});

test('the pods of a node, and of no other, with their statuses', async () => {
  const list = JSON.parse(await raw('n1', '/pods'));
  expect([list.kind, list.items.length, list.items[0].metadata.name, list.items[0].status.phase]).toEqual(['PodList', 1, 'web', 'Running']);
  expect(JSON.parse(await raw('n2', '/pods/')).items).toEqual([]);
});

test('what it uses, as a summary and as metrics', async () => {
  const { node, pods } = JSON.parse(await raw('n1', '/stats/summary'));
  expect(node).toMatchObject({ nodeName: 'n1', memory: { workingSetBytes: 0 }, fs: { capacityBytes: 2 ** 40 } });
  const measured = { memory: { workingSetBytes: 2 ** 24 }, cpu: { usageCoreNanoSeconds: expect.any(Number) } };
  expect(pods).toMatchObject([
    {
      podRef: { name: 'web', namespace: 'default' },
      ...measured,
      containers: [{ name: 'main', startTime: expect.any(String), ...measured }],
    },
  ]);
  const metrics = await raw('n1', '/metrics/resource');
  expect(metrics).toMatch(/^# TYPE node_cpu_usage_seconds_total counter\nnode_cpu_usage_seconds_total 0 \d{13}$/m);
  expect(metrics).toMatch(/^container_memory_working_set_bytes\{container="main",namespace="default",pod="web"\} 16777216 \d{13}$/m);
  expect(metrics).toMatch(/^pod_memory_working_set_bytes\{namespace="default",pod="web"\} 16777216 \d{13}$/m);
  expect(await raw('n1', '/metrics/cadvisor')).toMatch(
    /^container_fs_usage_bytes\{id="[^"]+",namespace="default",pod="web",container="main",image="[^"]*",name="[^"]+"\} 4096 \d{13}$/m,
  );
  expect(await raw('n1', '/metrics')).toContain('berth_agent_connected 1');
});

test('its settings, and a command in a container', async () => {
  const { kubeletconfig } = JSON.parse(await raw('n1', '/configz'));
  expect(kubeletconfig).toMatchObject({ maxPods: 110, clusterDomain: 'cluster.local', containerLogMaxFiles: 5 });
  const { stdout, stderr } = await cluster.kubectl.run([
    'create',
    '--raw',
    '/api/v1/nodes/n1/proxy/run/default/web/main?cmd=true',
    '-f',
    '-',
  ]);
  expect(stderr + stdout).toBe('');
});

test.each([
  ['n1', '/nothing', /the server could not find the requested resource/],
  ['n1', '/containerLogs/default/none/main', /the server could not find the requested resource/],
  ['n1', '/run/default/web/main', /the server does not allow this method on the requested resource/],
  ['none', '/healthz', /nodes "none" not found/],
  ['ftp:n1:1', '/healthz', /invalid node request "ftp:n1:1"/],
  ['n1:http', '/healthz', /a node's port is a number/],
])('%s%s says why not', async (node, path, printed) => {
  const { stderr, code } = await cluster.kubectl.run(['get', '--raw', `/api/v1/nodes/${node}/proxy${path}`]);
  expect(stderr).toMatch(printed);
  expect(code).toBe(1);
});

test('a viewer reaches no node, and the older kubectl does', async () => {
  const path = '/api/v1/nodes/n1/proxy/stats/summary';
  const { stderr } = await cluster.kubectl.run(['get', '--raw', path, '--as=v', '--as-group=berth:viewers']);
  expect(stderr).toMatch(/User "v" cannot get resource "nodes\/proxy" in API group ""/);
  const older = await cluster.kubectl.run(['get', '--raw', path], { binary: await kubectlPath('1.32') });
  expect(JSON.parse(older.stdout).node.nodeName).toBe('n1');
});
