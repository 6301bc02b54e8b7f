import { expect, test } from 'vitest';
import { EndpointSlice } from '../index.ts';

test('the topology of a slice, which v1 no longer writes, goes with a change of its endpoints, and the node that it named stays', () => {
  const deprecatedTopology = { 'kubernetes.io/hostname': 'n1', '-a': '' };
  const slice = (...addresses: string[]): EndpointSlice => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'a', namespace: 'default' },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], deprecatedTopology: { ...deprecatedTopology } })),
  });
  const { prepareForCreate, prepareForUpdate } = EndpointSlice.strategy;
  const made = slice('10.0.0.1');
  prepareForCreate?.(made, '2020-01-02T03:04:05Z');
  expect(made.endpoints).toEqual([{ addresses: ['10.0.0.1'] }]);
  const same = slice('10.0.0.1');
  prepareForUpdate?.(same, slice('10.0.0.1'));
  expect(same).toEqual(slice('10.0.0.1'));
  const changed = slice('10.0.0.2');
  prepareForUpdate?.(changed, slice('10.0.0.1'));
  expect(changed.endpoints).toEqual([{ addresses: ['10.0.0.2'], nodeName: 'n1' }]);
});
