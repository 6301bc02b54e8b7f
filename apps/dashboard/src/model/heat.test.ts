import type { Node } from '@berth/api';
import { expect, test } from 'vitest';
import { heatOf, heatSteps, inHeatOrder, nodeHeat, shareText } from './heat.ts';

const node = (name: string, allocatable: Record<string, string> = { cpu: '4', memory: '8Gi', pods: '10' }) =>
  ({ apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { allocatable } }) as unknown as Node;

test('shares are of what a node can give; what nobody knows is not 0', () => {
  const warm = nodeHeat(node('a'), { cpu: 1, memory: 4 * 1024 ** 3, pods: 5 }, { cpu: 5, memory: 0 });
  expect([warm.cpu, warm.memory, warm.pods]).toEqual([
    { requested: 0.25, used: 1.25 },
    { requested: 0.5, used: 0 },
    { requested: 0.5, used: 0.5 },
  ]);
  const unknown = nodeHeat(node('b', {}), undefined, undefined);
  expect([unknown.cpu, unknown.pods]).toEqual(Array(2).fill({ requested: undefined, used: undefined }));
  expect(nodeHeat(node('c', { cpu: '0' }), { cpu: 1, memory: 0, pods: 0 }, undefined).cpu.requested).toBeUndefined();
});

test('heat has as many steps as the legend, and what is not known has none', () => {
  expect([0, 0.19, 0.2, 0.94, 0.95, 1, 7].map(heatOf)).toEqual([0, 0, 1, 4, 5, 5, heatSteps.length]);
  expect(heatOf(undefined)).toBeUndefined();
  expect([shareText(0.456), shareText(undefined)]).toEqual(['46 %', 'not known']);
});

test('the warmest are first, what is not known last, and alike ones by name', () => {
  const heats = [
    nodeHeat(node('d'), undefined, undefined),
    nodeHeat(node('c'), { cpu: 2, memory: 0, pods: 0 }, { cpu: 1, memory: 0 }),
    nodeHeat(node('b'), { cpu: 2, memory: 0, pods: 0 }, { cpu: 3, memory: 0 }),
    nodeHeat(node('a'), { cpu: 0, memory: 0, pods: 0 }, { cpu: 0, memory: 0 }),
  ];
  const names = (order: 'name' | 'requested' | 'used') => inHeatOrder(heats, 'cpu', order).map(({ name }) => name);
  expect([names('name'), names('requested'), names('used')].map((all) => all.join(''))).toEqual(['abcd', 'bcad', 'bcad']);
});
