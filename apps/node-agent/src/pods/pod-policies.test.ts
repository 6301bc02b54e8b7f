// No container of a pod starts before the node's network knows the pod's address and has its policies in force; what a restarted agent does not
// know yet stays as it was.
import type { Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { networkState } from './network-state.ts';
import { podOf, TestNode } from './testing.ts';

test('no container starts while policies are not in force, and the network has the address before', async () => {
  const node = new TestNode();
  await node.manager.start();
  let open: () => void = () => {};
  node.policiesInForce = () =>
    new Promise((resolve) => {
      open = resolve;
    });
  node.want([podOf('app')]);
  await node.clock.advance(10_000);
  expect((await node.runtime.listSandboxes()).map(({ state }) => state)).toEqual(['ready']);
  expect(await node.running()).toEqual([]);
  expect(node.networkStates.at(-1)?.pods.map(({ status }) => status?.podIP)).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/)]);
  node.policiesInForce = async () => undefined;
  open();
  await node.clock.advance(10_000);
  expect(await node.running()).toEqual(['main#0']);
});

test('what keeps policies from being in force is said of the pod, which starts once they are', async () => {
  const node = new TestNode();
  await node.manager.start();
  node.policiesInForce = () => Promise.reject(new Error('nft: no such table'));
  node.want([podOf('app')]);
  await node.clock.advance(10_000);
  expect(node.told('NetworkNotReady')[0]).toBe('NetworkNotReady: Network policies are not in force: nft: no such table');
  expect(await node.running()).toEqual([]);
  node.policiesInForce = async () => undefined;
  await node.clock.advance(40_000);
  expect(await node.running()).toEqual(['main#0']);
});

test("pods in the node's network wait for no policy", async () => {
  const node = new TestNode();
  await node.manager.start();
  node.policiesInForce = () => Promise.reject(new Error('none'));
  node.want([podOf('app', { hostNetwork: true })]);
  await node.clock.advance(10_000);
  expect(await node.running()).toEqual(['main#0']);
});

test('a restarted agent leaves policies as they are until it knows the address of whatever runs', async () => {
  const node = new TestNode();
  await node.manager.start();
  node.want([podOf('app'), podOf('app', {}, 'other')]);
  await node.clock.advance(10_000);
  const before = node.networkStates
    .at(-1)
    ?.pods.map(({ status }) => status?.podIP)
    .sort();
  node.networkStates.length = 0;
  // The API does not have their addresses yet, and one of them was deleted meanwhile.
  await node.manager.stop();
  await node.restartAgent([podOf('app')]);
  const known = node.networkStates.find(({ policies }) => policies);
  expect(known).toMatchObject({ pods: [{ metadata: { name: 'web' } }], policies: { leaving: [{ metadata: { name: 'other' } }] } });
  expect([...(known?.pods ?? []), ...(known?.policies?.leaving ?? [])].map(({ status }) => status?.podIP).sort()).toEqual(before);
});

test('a restarted agent changes nothing of services and policies before the control plane has said all of them', async () => {
  const node = new TestNode();
  await node.manager.start();
  // There are manifests, or none, which is known before any session; and a pod of them gets an address.
  node.manager.setStatic([]);
  node.manager.setStatic([podOf('static')]);
  await node.clock.advance(10_000);
  expect(node.networkStates).toEqual([]);
  node.want([podOf('app')]);
  expect(node.networkStates).not.toEqual([]);
  expect(node.networkStates[0]?.pods.map(({ metadata }) => metadata.name)).toEqual(['web']);
});

test('policies are withheld while an address is not known, here or in the API', () => {
  const desired = {
    ...{ node: () => undefined, services: () => [], endpointSlices: () => [] },
    ...{ peers: () => [], heldAddresses: () => [], nameServers: () => undefined, policies: () => [], addressSets: () => [] },
  };
  const stateOf = (pod: Pod, isKnown: boolean, ips: string[] = []) =>
    networkState({ ...desired, pods: () => [pod] }, [{ pod, address: { isKnown, ips } }]);
  const known: Pod = { ...podOf('app'), status: { podIP: '10.0.0.9' } };
  expect(stateOf(podOf('app'), false).policies).toBeUndefined();
  expect(stateOf(known, false)).toMatchObject({ pods: [{ status: { podIP: '10.0.0.9' } }], policies: {} });
  // The sandbox that had it is gone.
  expect(stateOf(known, true).pods[0]?.status?.podIP).toBeUndefined();
  expect(stateOf(known, true, ['10.0.0.8']).pods[0]?.status?.podIP).toBe('10.0.0.8');
});
