// What agents are sent of addresses of load balancers, over sessions.
import { ConfigMap, loadBalancerHolders } from '@berth/api';
import type { HeldAddresses } from '@berth/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HubFixture, type TestAgent } from './hub-fixture.ts';

let fixture: HubFixture;

beforeEach(async () => {
  fixture = new HubFixture();
  await fixture.hub.start();
});

afterEach(() => fixture.stop());

const held = (agent: TestAgent) =>
  [...agent.objects.values()].flatMap((object) => (object.kind === 'HeldAddresses' ? (object as HeldAddresses).spec.addresses : []));
const configMap = (name: string, data: Record<string, string>): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { ...loadBalancerHolders, name },
  data,
});

test('each agent is sent the addresses that its node announces, and sent them again only when they change', async () => {
  const { client, clock } = fixture;
  await client.create(ConfigMap, configMap('another', { one: '10.9.0.9' }));
  const made = await client.create(ConfigMap, configMap(loadBalancerHolders.name, { one: '10.9.0.1,10.9.0.2', gone: '10.9.0.3' }));
  const [one, two] = [fixture.agent('one'), fixture.agent('two')];
  await clock.advance(200);
  expect([held(one), held(two)]).toEqual([['10.9.0.1', '10.9.0.2'], []]);
  const statesBefore = one.states.length;
  const moved = await client.update(ConfigMap, { ...made, data: { one: '10.9.0.1,10.9.0.2', two: '10.9.0.3' } });
  await clock.advance(200);
  expect([held(one), held(two), one.states.length]).toEqual([['10.9.0.1', '10.9.0.2'], ['10.9.0.3'], statesBefore]);
  await client.update(ConfigMap, { ...moved, data: { one: '10.9.0.1', two: '10.9.0.2,10.9.0.3' } });
  await clock.advance(200);
  expect([held(one), held(two)]).toEqual([['10.9.0.1'], ['10.9.0.2', '10.9.0.3']]);
  await client.delete(ConfigMap, loadBalancerHolders);
  await clock.advance(200);
  expect([held(one), held(two)]).toEqual([[], []]);
});
