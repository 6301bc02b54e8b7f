// Which endpoints a node's clients are led to where slices hint for whom each is (trafficDistribution).
import type { EndpointSlice } from '@berth/api';
import { expect, test } from 'vitest';
import { ServicePlan, type ServicePlanInput } from './service-plan.ts';
import { endpointsIn, planned, service, slice } from './testing.ts';

const hinted = (address: string, zone: string, node?: string) => {
  const made = slice([{ address }]);
  for (const endpoint of made.endpoints ?? []) {
    endpoint.hints = { forZones: [{ name: zone }], ...(node && { forNodes: [{ name: node }] }) };
  }
  return made;
};
const near = (endpointSlices: EndpointSlice[], more: Partial<ServicePlanInput> = {}) =>
  endpointsIn(planned({ services: [service({})], endpointSlices, zone: 'z1', ...more })).map((text) => text?.split(' ')[0]);

test('leads to what hints keep for this node, else for its zone, else anywhere', () => {
  expect(near([hinted('10.244.0.2', 'z1', 'here'), hinted('10.244.0.3', 'z1', 'there')])).toEqual(['10.244.0.2']);
  expect(near([hinted('10.244.0.2', 'z1', 'there'), hinted('10.244.0.3', 'z2', 'there')])).toEqual(['10.244.0.2']);
  expect(near([hinted('10.244.0.2', 'z1'), hinted('10.244.0.3', 'z2')])).toEqual(['10.244.0.2']);
  expect(near([hinted('10.244.0.2', 'z1'), hinted('10.244.0.3', 'z2')], { zone: undefined })).toEqual(['10.244.0.2', '10.244.0.3']);
  expect(near([hinted('10.244.0.2', 'z2'), hinted('10.244.0.3', 'z3')])).toEqual(['10.244.0.2', '10.244.0.3']);
  // One without hints: the others were not written for how it is now.
  expect(near([hinted('10.244.0.2', 'z1'), slice([{ address: '10.244.0.3' }])])).toEqual(['10.244.0.2', '10.244.0.3']);
  expect(near([hinted('10.244.0.2', 'z1'), slice([{ address: '10.244.0.3', ready: false }])])).toEqual(['10.244.0.2']);
});

test('follows the zone of this node when that changes', () => {
  const plan = new ServicePlan();
  const [services, endpointSlices] = [[service({})], [hinted('10.244.0.2', 'z1'), hinted('10.244.0.3', 'z2')]];
  expect(endpointsIn(planned({ services, endpointSlices, zone: 'z1' }, plan))).toEqual(['10.244.0.2 . 8080']);
  expect(endpointsIn(planned({ services, endpointSlices, zone: 'z2' }, plan))).toEqual(['10.244.0.3 . 8080']);
});

test('leads to what still serves while it ends, whatever its hints, when nothing is ready', () => {
  const ending = hinted('10.244.0.2', 'z2');
  for (const endpoint of ending.endpoints ?? []) endpoint.conditions = { ready: false, serving: true, terminating: true };
  expect(near([ending])).toEqual(['10.244.0.2']);
});

test('keeps to this node alone where the policy is Local, whatever the hints', () => {
  const here = hinted('10.244.0.2', 'z2', 'there');
  for (const endpoint of here.endpoints ?? []) endpoint.nodeName = 'here';
  const local = service({ internalTrafficPolicy: 'Local' });
  expect(near([here, hinted('10.244.0.3', 'z1', 'here')], { services: [local] })).toEqual(['10.244.0.2']);
});
