import type { StorageClass } from '@berth/api';
import { expect, test } from 'vitest';
import { admitsTopology } from './topology-terms.ts';

test('a class admits nodes that fit one of its terms, every node where it has none, and none by an empty term', () => {
  const zone = 'topology.kubernetes.io/zone';
  const admits = (allowedTopologies: StorageClass['allowedTopologies'], labels: Record<string, string>) =>
    admitsTopology(
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: 'c' },
        provisioner: 'p',
        ...(allowedTopologies && { allowedTopologies }),
      },
      labels,
    );
  const term = (...keys: string[]) => ({ matchLabelExpressions: keys.map((key) => ({ key, values: ['a', 'b'] })) });
  expect([admits(undefined, {}), admits([], {}), admits([{}], {}), admits([{}, term(zone)], { [zone]: 'a' })]).toEqual([
    true,
    true,
    false,
    true,
  ]);
  expect([admits([term(zone)], {}), admits([term(zone)], { [zone]: 'c' }), admits([term(zone, 'rack')], { [zone]: 'a' })]).toEqual([
    false,
    false,
    false,
  ]);
  expect(admits([term('rack'), term(zone)], { [zone]: 'b' })).toBe(true);
  expect(admits([{ matchLabelExpressions: [{ key: zone, values: [''] }] }], {})).toBe(false);
});
