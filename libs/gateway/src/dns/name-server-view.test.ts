// What agents are sent of name servers, over sessions, and what is said of a ConfigMap that cannot be followed.
import { ConfigMap, Event } from '@berth/api';
import type { NameServers } from '@berth/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HubFixture, type TestAgent } from '../hub-fixture.ts';

let fixture: HubFixture;

beforeEach(async () => {
  fixture = new HubFixture();
  await fixture.hub.start();
});

afterEach(() => fixture.stop());

const configMap = (name: string, data: Record<string, string>): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'kube-system' },
  data,
});
const stubs = (domain: string, server: string) => ({ stubDomains: JSON.stringify({ [domain]: [server] }) });
const sent = (agent: TestAgent) => [...agent.objects.values()].find((object): object is NameServers => object.kind === 'NameServers');
const events = async () =>
  (await fixture.client.list(Event)).items.map(({ reason, message, involvedObject }) => [involvedObject.name, reason, message]);

test('agents are sent what ConfigMaps say together, and nothing where there are none', async () => {
  const { client, clock } = fixture;
  const agent = fixture.agent('one');
  await client.create(ConfigMap, configMap('another', stubs('x.example', '1.1.1.1')));
  await clock.advance(200);
  expect(sent(agent)).toBeUndefined();
  await client.create(ConfigMap, configMap('kube-dns', stubs('acme.local', '10.0.0.1')));
  await client.create(ConfigMap, configMap('coredns', { Corefile: '. {\n forward . 10.0.0.2\n}\nacme.local {\n forward . 10.0.0.3\n}' }));
  await clock.advance(200);
  expect(sent(agent)?.spec).toEqual({ upstreams: ['10.0.0.2:53'], stubs: [{ domain: 'acme.local', servers: ['10.0.0.3:53'] }] });
  await client.delete(ConfigMap, { namespace: 'kube-system', name: 'coredns' });
  await clock.advance(200);
  expect(sent(agent)?.spec).toEqual({ stubs: [{ domain: 'acme.local', servers: ['10.0.0.1:53'] }] });
  await client.delete(ConfigMap, { namespace: 'kube-system', name: 'kube-dns' });
  await clock.advance(200);
  expect([sent(agent), await events()]).toEqual([undefined, []]);
});

test('one that cannot be followed leaves what it said before, and an event says why', async () => {
  const { client, clock } = fixture;
  const agent = fixture.agent('one');
  const made = await client.create(ConfigMap, configMap('kube-dns', stubs('acme.local', '10.0.0.1')));
  await clock.advance(200);
  const wrong = await client.update(ConfigMap, { ...made, data: stubs('acme.local', 'nobody') });
  await clock.advance(200);
  expect(sent(agent)?.spec).toEqual({ stubs: [{ domain: 'acme.local', servers: ['10.0.0.1:53'] }] });
  expect(sent(agent)?.error).toContain('kube-dns: data[stubDomains][acme.local]: "nobody" is no address of a server');
  expect(await events()).toEqual([['kube-dns', 'DNSConfigInvalid', expect.stringContaining('"nobody" is no address')]]);
  await client.update(ConfigMap, { ...wrong, data: stubs('acme.local', '10.0.0.9') });
  await clock.advance(200);
  expect(sent(agent)).toMatchObject({ spec: { stubs: [{ domain: 'acme.local', servers: ['10.0.0.9:53'] }] } });
  expect(sent(agent)?.error).toBeUndefined();
});

test('where nobody remembers what it said, agents are left with what they have', async () => {
  const { client, clock } = fixture;
  await client.create(ConfigMap, configMap('kube-dns', { stubDomains: '{' }));
  await client.create(ConfigMap, configMap('coredns', { Corefile: '. {\n forward . 10.0.0.2\n hosts\n}' }));
  await fixture.replaceHub();
  const agent = fixture.agent('one');
  await clock.advance(200);
  expect(sent(agent)).toMatchObject({ error: expect.stringContaining('this is to be JSON') });
  expect(sent(agent)?.spec).toBeUndefined();
  expect((await events()).map(([name, reason]) => `${name} ${reason}`)).toContain('coredns DNSConfigIgnored');
});
