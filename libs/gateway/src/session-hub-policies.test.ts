// Network policies on their way to agents: each node has those that select its pods, with the addresses that they are about, and no others.
import { Namespace, NetworkPolicy, Pod } from '@berth/api';
import type { AddressSet, PolicyRules } from '@berth/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HubFixture, type TestAgent } from './hub-fixture.ts';

let fixture: HubFixture;
beforeEach(() => {
  fixture = new HubFixture();
});
afterEach(() => fixture.stop());

const kindsOf = (agent: TestAgent) =>
  agent.keys.filter((key) => /^(PolicyRules|AddressSet)/.test(key)).map((key) => key.replace(/-.*/, ''));
const setOf = (agent: TestAgent) => [...agent.objects.values()].find(({ kind }) => kind === 'AddressSet') as AddressSet | undefined;

async function labelled(name: string, nodeName: string, app: string, podIP?: string): Promise<Pod> {
  const pod: Pod = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels: { app } } },
    spec: { nodeName, containers: [{ name: 'app', image: 'app' }] },
    ...(podIP && { status: { podIP } }),
  };
  return fixture.client.create(Pod, pod);
}

test('a node is sent the policies of its pods and who their peers are, wherever those are, while there are any', async () => {
  await fixture.client.create(Namespace, {
    ...{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default', labels: { team: 'a' } } },
    spec: {},
  });
  const web = await labelled('web', 'n1', 'web');
  await labelled('client', 'n2', 'client', '10.244.2.9');
  await fixture.hub.start();
  const [one, two] = [fixture.agent('n1'), fixture.agent('n2')];
  await fixture.clock.advance(100);
  expect(kindsOf(one)).toEqual([]);
  const policy = await fixture.client.create(NetworkPolicy, {
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'p', namespace: 'default' } },
    spec: {
      podSelector: { matchLabels: { app: 'web' } },
      policyTypes: ['Ingress'],
      ingress: [
        { from: [{ namespaceSelector: { matchLabels: { team: 'a' } }, podSelector: { matchLabels: { app: 'client' } } }], ports: [] },
      ],
    },
  });
  await fixture.clock.advance(100);
  expect([kindsOf(one), kindsOf(two)]).toEqual([['AddressSet/pods', 'PolicyRules/p'], []]);
  expect(setOf(one)?.spec.elements).toEqual(['10.244.2.9']);
  const { spec } = one.objects.get('PolicyRules/p') as PolicyRules;
  expect(spec).toEqual({
    podSelector: { matchLabels: { app: 'web' } },
    ingress: [{ peers: [{ set: setOf(one)?.metadata.name }] }],
  });
  await labelled('another', 'n2', 'client', '10.244.2.10');
  await fixture.clock.advance(100);
  expect(setOf(one)?.spec.elements).toEqual(['10.244.2.10', '10.244.2.9']);
  await labelled('web-2', 'n2', 'web');
  await fixture.clock.advance(100);
  expect(kindsOf(two)).toEqual(['AddressSet/pods', 'PolicyRules/p']);
  await fixture.client.delete(Pod, { namespace: 'default', name: web.metadata.name }, { gracePeriodSeconds: 0 });
  await fixture.clock.advance(100);
  expect([kindsOf(one), kindsOf(two).length]).toEqual([[], 2]);
  await fixture.client.delete(NetworkPolicy, { namespace: 'default', name: policy.metadata.name });
  await fixture.clock.advance(100);
  expect(kindsOf(two)).toEqual([]);
});
