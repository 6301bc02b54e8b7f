import { ConfigMap, EndpointSlice, Endpoints, Namespace, Service, StorageClass } from '@berth/api';
import { MemoryStore } from '@berth/store';
import { expect, test } from 'vitest';
import { startTestServer } from './test-server.ts';

const key = { namespace: 'default', name: 'kubernetes' };

test('a new cluster has its namespaces, storage class and API service, and a restart finds them again', async () => {
  const one = await startTestServer({ advertised: { address: '192.0.2.10', port: 6443 } });
  const names = (await one.client.list(Namespace)).items.map((item) => [item.metadata.name, item.status?.phase]);
  expect(names).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system'].map((name) => [name, 'Active']));
  expect(await one.client.get(StorageClass, { name: 'local' })).toMatchObject({
    provisioner: 'berth.io/local',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  const service = await one.client.get(Service, key);
  expect(service.spec).toMatchObject({ clusterIP: '10.96.0.1', ports: [{ port: 443, targetPort: 6443 }] });
  await one.server.stop();

  const before = await one.store.revision();
  const again = await startTestServer({ store: one.store, advertised: { address: '192.0.2.10', port: 6443 } });
  expect(await one.store.revision()).toBe(before);
  await again.server.stop();

  const moved = await startTestServer({ store: one.store, advertised: { address: '192.0.2.11', port: 7443 } });
  expect((await moved.client.get(Endpoints, key)).subsets).toMatchObject([{ addresses: [{ ip: '192.0.2.11' }], ports: [{ port: 7443 }] }]);
  expect(await moved.client.get(EndpointSlice, key)).toMatchObject({ endpoints: [{ addresses: ['192.0.2.11'] }], ports: [{ port: 7443 }] });
  await moved.server.stop();
});

test('servers that extend the API find the authorities of its clients, also after they changed', async () => {
  const store = new MemoryStore();
  for (const authorities of ['one', 'another']) {
    const authentication = { 'client-ca-file': authorities, 'requestheader-client-ca-file': `${authorities} proxy` };
    const { server, client } = await startTestServer({ store, authentication });
    const found = await client.get(ConfigMap, { namespace: 'kube-system', name: 'extension-apiserver-authentication' });
    expect(found.data).toEqual(authentication);
    await server.stop();
  }
});
