import { type AddressInfo, createServer } from 'node:net';
import { EndpointSlice, Pod, Service } from '@berth/api';
import { StatusError } from '@berth/machinery';
import { expect, onTestFinished, test } from 'vitest';
import type { PodTunnelRequest } from '../pod-connection.ts';
import { pod, service, startTestServer } from '../test-server.ts';

const podAddress = '10.244.0.7';

const slice = (endpoints: EndpointSlice['endpoints'], port: number): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'hook-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'hook' } },
  addressType: 'IPv4',
  endpoints,
  ports: [{ name: 'https', port }],
});

async function started(endpoints: EndpointSlice['endpoints'], port = 8443) {
  const { server, client } = await startTestServer();
  onTestFinished(() => server.stop());
  await client.create(Service, service('hook', { ports: [{ name: 'https', port: 443 }] }));
  await client.create(EndpointSlice, slice(endpoints, port));
  return { server, client };
}

async function withPod() {
  const made = await started([
    { addresses: ['10.244.0.9'], targetRef: { kind: 'Pod', name: 'gone' } },
    { addresses: [podAddress], targetRef: { kind: 'Pod', name: 'web' } },
    { addresses: ['10.244.0.8'], targetRef: { kind: 'Pod', name: 'web' } },
    { addresses: ['10.244.0.6'], conditions: { ready: false } },
  ]);
  const web = await made.client.create(Pod, pod('web', { nodeName: 'n1' }));
  await made.client.updateStatus(Pod, { ...web, status: { podIP: podAddress, podIPs: [{ ip: podAddress }] } });
  return made;
}

test('a service is reached at a ready pod that has the address, through its node', async () => {
  const { server } = await withPod();
  const asked: [string, PodTunnelRequest][] = [];
  server.nodes.openBy({
    openTunnel: async (nodeName, request) => {
      asked.push([nodeName, request]);
      throw new StatusError(503, 'ServiceUnavailable', `error trying to reach service: connect ECONNREFUSED ${podAddress}:8443`);
    },
  });
  for (let i = 0; i < 5; i++) {
    await expect(server.services.connect('default', 'hook', 443)).rejects.toThrow(
      `dial tcp ${podAddress}:8443: connect: connection refused`,
    );
  }
  expect(asked).toHaveLength(5);
  for (const one of asked) expect(one).toMatchObject(['n1', { kind: 'proxy', namespace: 'default', pod: 'web', port: 8443 }]);
});

test('a host outside of the cluster is dialled', async () => {
  const outside = createServer((socket) => void socket.end('hello'));
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void outside.close());
  const { port } = outside.address() as AddressInfo;
  const { server, client } = await startTestServer();
  onTestFinished(() => server.stop());
  await client.create(Service, service('hook', { type: 'ExternalName', externalName: 'localhost', ports: [], selector: undefined }));
  const { stream } = await server.services.connect('default', 'hook', port);
  expect(String((await stream.toArray())[0])).toBe('hello');
});

test('what is not there is named', async () => {
  const { server } = await started([{ addresses: ['10.244.0.6'], conditions: { ready: false } }]);
  const connecting = (name: string, port: number) => server.services.connect('default', name, port);
  await expect(connecting('other', 443)).rejects.toThrow('service "other" not found');
  await expect(connecting('hook', 80)).rejects.toThrow('no service port 80 found for service "hook"');
  await expect(connecting('hook', 443)).rejects.toThrow('no endpoints available for service "hook"');
});
