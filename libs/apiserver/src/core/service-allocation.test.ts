import { IPAddress, Service } from '@berth/api';
import { expect, test } from 'vitest';
import { kindPrefix, nodePortPrefix } from './keys.ts';
import { service, startTestServer } from './test-server.ts';

test('fifty parallel creates get fifty cluster IPs and node ports, from a range that has exactly as many', async () => {
  const { server, client } = await startTestServer({ nodePortRange: { from: 30000, to: 30049 } });
  const names = Array.from({ length: 50 }, (_, i) => `s${i}`);
  const created = await Promise.all(names.map((name) => client.create(Service, service(name, { type: 'NodePort' }))));
  expect(new Set(created.map(({ spec }) => spec.ports?.[0]?.nodePort)).size).toBe(50);
  expect(new Set(created.map(({ spec }) => spec.clusterIP)).size).toBe(50);
  await expect(client.create(Service, service('one-more', { type: 'NodePort' }))).rejects.toThrow('range is full');
  await client.delete(Service, { namespace: 'default', name: 's7' });
  const next = await client.create(Service, service('one-more', { type: 'NodePort' }));
  expect(next.spec.ports?.[0]?.nodePort).toBe(created[7]?.spec.ports?.[0]?.nodePort);
  await server.stop();
});

test('what is asked for is given once, refused when taken or out of range, and free after deletion', async () => {
  const { server, client } = await startTestServer();
  const wish = { type: 'NodePort', clusterIP: '10.96.3.3', ports: [{ port: 80, nodePort: 30080 }] };
  const first = await client.create(Service, service('first', wish));
  expect(first.spec).toMatchObject({ clusterIPs: ['10.96.3.3'], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' });
  await expect(client.create(Service, service('second', wish))).rejects.toThrow(
    'Service "second" is invalid: spec.clusterIPs: Invalid value: ["10.96.3.3"]: failed to allocate IP 10.96.3.3: provided IP is already allocated',
  );
  await expect(client.create(Service, service('third', { ...wish, clusterIP: undefined }))).rejects.toThrow(
    'spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated',
  );
  await expect(client.create(Service, service('fourth', { clusterIP: '1.2.3.4' }))).rejects.toThrow(
    'the provided network does not match the current range',
  );
  await client.delete(Service, { namespace: 'default', name: 'first' });
  await client.create(Service, service('second', wish));
  await server.stop();
});

test('changing the type claims and releases in the same write, and leaves the rest as it was', async () => {
  const { server, client, store } = await startTestServer();
  const key = { namespace: 'default', name: 'web' };
  const held = async (prefix: string) => (await store.range({ start: prefix, end: `${prefix.slice(0, -1)}0` })).kvs.length;
  const addressPrefix = kindPrefix(IPAddress);
  const addresses = await held(addressPrefix);
  const created = await client.create(Service, service('web'));
  expect(created.spec.ports?.[0]?.nodePort).toBeUndefined();
  const exposed = await client.patch(Service, key, 'merge', { spec: { type: 'NodePort' } });
  expect(exposed.spec.ports?.[0]?.nodePort).toBeGreaterThanOrEqual(30000);
  expect(exposed.spec.clusterIP).toBe(created.spec.clusterIP);
  expect([await held(nodePortPrefix), await held(addressPrefix)]).toEqual([1, addresses + 1]);
  // A manifest that names neither keeps both.
  const applied = await client.update(Service, service('web', { type: 'NodePort' }));
  expect(applied.spec).toEqual(exposed.spec);
  const external = await client.update(Service, service('web', { type: 'ExternalName', externalName: 'example.com', ports: undefined }));
  expect(external.spec.clusterIP).toBeUndefined();
  expect([await held(nodePortPrefix), await held(addressPrefix)]).toEqual([0, addresses]);
  await server.stop();
});

test('two API servers over one store never hand out the same port', async () => {
  const range = { nodePortRange: { from: 30000, to: 30039 } };
  const one = await startTestServer({ ...range, seed: 5 });
  // The same seed makes both pick the same candidates.
  const two = await startTestServer({ ...range, seed: 5, store: one.store });
  const creates = Array.from({ length: 40 }, (_, i) => (i % 2 ? one : two).client.create(Service, service(`s${i}`, { type: 'NodePort' })));
  const ports = (await Promise.all(creates)).map(({ spec }) => spec.ports?.[0]?.nodePort);
  expect(new Set(ports).size).toBe(40);
  await one.server.stop();
  await two.server.stop();
});

test('a headless service gets no address', async () => {
  const { server, client } = await startTestServer();
  const { spec } = await client.create(Service, service('db', { clusterIP: 'None' }));
  expect([spec.clusterIP, spec.clusterIPs]).toEqual(['None', ['None']]);
  await server.stop();
});

test('what is wrong with addresses and ports is said before anything else, and one port by two protocols has one node port', async () => {
  const { server, client } = await startTestServer();
  const odd = { selector: { '-a': 'b' } };
  await expect(client.create(Service, service('web', { ...odd, clusterIP: '::1' }))).rejects.toThrow(
    'Service "web" is invalid: spec.clusterIPs[0]: Invalid value: ["::1"]: IPv6 is not configured on this cluster',
  );
  const high = [{ name: 'a', port: 80, nodePort: 80 }];
  await expect(client.create(Service, service('web', { ...odd, type: 'NodePort', ports: high }))).rejects.toThrow(
    'Service "web" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range',
  );
  const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 80 };
  await expect(client.create(Service, service('web', local))).rejects.toThrow('spec.healthCheckNodePort: Invalid value: 80');
  const ports = ['TCP', 'UDP'].map((protocol) => ({ name: protocol.toLowerCase(), port: 53, protocol }));
  const { spec } = await client.create(Service, service('dns', { type: 'NodePort', ports: [...ports, { name: 'other', port: 54 }] }));
  const [tcp, udp, other] = (spec.ports ?? []).map(({ nodePort }) => nodePort);
  expect([tcp, other]).toEqual([udp, expect.any(Number)]);
  expect(other).not.toBe(tcp);
  await server.stop();
});

test('a dry run looks into one range, and takes any node port that nobody has', async () => {
  const { server, client } = await startTestServer();
  const tried = (spec: object) => client.create(Service, service('dry', spec), { dryRun: true });
  await expect(tried({ clusterIP: '1.2.3.4' })).rejects.toThrow(
    'failed to allocate IP 1.2.3.4: the provided IP (1.2.3.4) is not in the valid range. The range of valid IPs is 10.96.0.0/16',
  );
  const ports = [
    { name: 'a', port: 80, nodePort: 443 },
    { name: 'b', port: 81, nodePort: 444 },
  ];
  expect((await tried({ type: 'NodePort', ports })).spec.ports?.map(({ nodePort }) => nodePort)).toEqual([443, 444]);
  const twice = ports.map((port) => ({ ...port, nodePort: 30080 }));
  await expect(tried({ type: 'NodePort', ports: twice })).rejects.toThrow(
    'spec.ports[1].nodePort: Invalid value: 30080: provided port is already allocated',
  );
  await server.stop();
});

test('a service whose name no address can refer to is refused for that', async () => {
  const { server, client } = await startTestServer();
  await expect(client.create(Service, service('a/b', { clusterIP: '10.96.3.4' }))).rejects.toThrow(
    'failed to allocate IP 10.96.3.4: IPAddress.networking.k8s.io "10.96.3.4" is invalid: spec.parentRef.name: Invalid value: "a/b": may not contain',
  );
  await server.stop();
});
