import { Deployment, Namespace, Node, Pod, Secret } from '@berth/api';
import { expect, test } from 'vitest';
import { componentUsers } from './component-users.ts';
import { type PodTunnelRequest, streamOptions } from './pod-connection.ts';
import { admin, callFor, pod, startTestServer } from './test-server.ts';

const node = (name: string): Node => ({ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} });
const key = { namespace: 'default', name: 'web' };

test('a pod is bound once, to a node that exists, and says that it is scheduled', async () => {
  const { server, client } = await startTestServer();
  await client.create(Pod, pod('web'));
  const bind = (name: string) =>
    client.createSubresource(Pod, key, 'binding', { metadata: { name: key.name }, target: { kind: 'Node', name } });
  await expect(bind('n1')).rejects.toThrow('nodes "n1" not found');
  await client.create(Node, node('n1'));
  await client.create(Node, node('n2'));
  const outcomes = await Promise.allSettled([bind('n1'), bind('n2'), bind('n1')]);
  expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
  const bound = await client.get(Pod, key);
  await expect(bind('n2')).rejects.toThrow(`pod web is already assigned to node "${bound.spec.nodeName}"`);
  expect(bound.status?.conditions?.find((condition) => condition.type === 'PodScheduled')?.status).toBe('True');
  await server.stop();
});

test('scale reads, replaces and patches the number of replicas', async () => {
  const { server, client } = await startTestServer();
  const labels = { app: 'web' };
  await client.create(Deployment, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: key,
    spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { name: '', labels }, spec: pod('x').spec } },
  });
  const call = callFor(Deployment, 'default', 'web', 'scale');
  const scale = (await server.get(call)).object;
  expect(scale).toMatchObject({
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    spec: { replicas: 2 },
    status: { replicas: 0, selector: 'app=web' },
  });
  const updated = await server.update(call, { ...scale, spec: { replicas: 5 } });
  expect(updated.object).toMatchObject({ spec: { replicas: 5 } });
  await expect(server.update(call, { ...scale, spec: { replicas: 6 } })).rejects.toMatchObject({ code: 409 });
  await server.patch(call, 'merge', { spec: { replicas: 3 } });
  expect((await client.get(Deployment, key)).spec.replicas).toBe(3);
  await expect(server.patch(call, 'merge', { spec: { replicas: -1 } })).rejects.toMatchObject({ code: 422 });
  await server.stop();
});

test('eviction deletes', async () => {
  const { server, client } = await startTestServer();
  await client.create(Pod, pod('web'));
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'web' } };
  expect(await client.createSubresource(Pod, key, 'eviction', eviction)).toMatchObject({ status: 'Success' });
  await expect(client.get(Pod, key)).rejects.toMatchObject({ code: 404 });
  await server.stop();
});

test('a log goes to the node and container that it means, or says what is missing', async () => {
  const { server, client } = await startTestServer();
  const asked: PodTunnelRequest[] = [];
  server.nodes.openBy({
    openTunnel: (_nodeName, request) => {
      asked.push(request);
      return Promise.reject(new Error('no tunnel in this test'));
    },
  });
  await client.create(Node, node('n1'));
  await client.create(Pod, pod('web'));
  const log = async (container = '') => {
    const { open, isEmpty } = await server.localClient(admin).connect(Pod, key, 'log', streamOptions('PodLogOptions', { container }));
    expect(isEmpty ?? false).toBe(!(await client.get(Pod, key)).spec.nodeName);
    return open();
  };
  await expect(log('other')).rejects.toThrow('container other is not valid for pod web');
  await expect(log()).rejects.toThrow('pod web does not have a host assigned');
  await client.createSubresource(Pod, key, 'binding', { metadata: { name: key.name }, target: { name: 'n1' } });
  await expect(log('other')).rejects.toThrow('container other is not valid for pod web');
  await expect(log()).rejects.toThrow('container "main" in pod "web" is not available');
  const status = {
    phase: 'Running',
    containerStatuses: [{ name: 'main', state: { running: {} }, ready: true, restartCount: 0, image: 'x', imageID: '' }],
  };
  await client.patch(Pod, key, 'merge', { status }, { subresource: 'status' });
  await expect(log()).rejects.toThrow('no tunnel in this test');
  expect(asked).toMatchObject([{ kind: 'log', namespace: 'default', pod: 'web', container: 'main' }]);
  await server.stop();
});

test('a stream into a pod is allowed, admitted and planned before anything is opened', async () => {
  const { server, client } = await startTestServer();
  const asked: PodTunnelRequest[] = [];
  server.nodes.openBy({
    openTunnel: (_nodeName, request) => {
      asked.push(request);
      return Promise.reject(new Error('no tunnel in this test'));
    },
  });
  await client.create(Node, node('n1'));
  await client.create(Pod, pod('web', { nodeName: 'n1' }));
  const exec = streamOptions('PodExecOptions', { command: ['ls'], stdout: true });
  const local = server.localClient(admin);
  const { open } = await local.connect(Pod, key, 'exec', exec);
  const { open: forward } = await local.connect(Pod, key, 'portforward', streamOptions('PodPortForwardOptions', {}));
  expect(asked).toEqual([]);
  await expect(open()).rejects.toThrow('no tunnel in this test');
  await expect(forward(8080)).rejects.toThrow('no tunnel in this test');
  expect(asked).toMatchObject([
    { kind: 'exec', container: 'main', command: ['ls'], stdout: true, stdin: false },
    { kind: 'portforward', container: '', port: 8080, stdin: true },
  ]);
  // What begins with a GET is more than a read all the same.
  const reader = { name: 'r', groups: ['berth:viewers'] };
  await expect(server.connect({ ...callFor(Pod, 'default', 'web', 'exec'), user: reader }, 'get', exec)).rejects.toMatchObject({
    code: 403,
  });
  await expect(server.connect({ ...callFor(Pod, 'default', 'web', 'exec'), user: reader, allowed: 'get' }, 'get', exec)).rejects.toThrow(
    'cannot create resource "pods/exec"',
  );
  await expect(local.connect(Pod, key, 'binding', exec)).rejects.toMatchObject({ code: 405 });
  await expect(local.connect(Pod, { ...key, name: 'none' }, 'exec', exec)).rejects.toMatchObject({ code: 404 });
});

test('everyone may do what they are for and nothing else', async () => {
  const { server, client } = await startTestServer();
  await client.create(Pod, pod('web'));
  await client.create(Secret, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' }, type: 'Opaque' });
  const stranger = server.localClient({ name: 'x', groups: ['system:authenticated'] });
  await expect(stranger.list(Pod, { namespace: 'default' })).rejects.toThrow(
    'pods is forbidden: User "x" cannot list resource "pods" in API group "" in the namespace "default"',
  );
  await expect(stranger.list(Namespace)).rejects.toThrow('cannot list resource "namespaces" in API group "" at the cluster scope');
  const viewer = server.localClient({ name: 'v', groups: ['berth:viewers'] });
  expect((await viewer.list(Pod)).items).toHaveLength(1);
  await expect(viewer.list(Secret)).rejects.toMatchObject({ code: 403 });
  await expect(viewer.delete(Pod, key)).rejects.toMatchObject({ code: 403 });
  await expect(viewer.createSubresource(Pod, key, 'exec', {})).rejects.toMatchObject({ code: 403 });
  const scheduler = server.localClient(componentUsers.scheduler);
  await expect(scheduler.get(Secret, { namespace: 'default', name: 's' })).rejects.toMatchObject({ code: 403 });
  await expect(
    scheduler.createSubresource(Pod, key, 'binding', { metadata: { name: key.name }, target: { name: 'none' } }),
  ).rejects.toMatchObject({ code: 404 });
  const gateway = server.localClient(componentUsers.gateway);
  await expect(
    gateway.createSubresource(Pod, key, 'binding', { metadata: { name: key.name }, target: { name: 'none' } }),
  ).rejects.toMatchObject({ code: 403 });
  await gateway.patch(Pod, key, 'merge', { status: { phase: 'Running' } }, { subresource: 'status' });
  const controllers = server.localClient(componentUsers.controllerManager);
  await expect(
    controllers.createSubresource(Pod, key, 'binding', { metadata: { name: key.name }, target: { name: 'none' } }),
  ).rejects.toMatchObject({ code: 403 });
  await server.stop();
});
