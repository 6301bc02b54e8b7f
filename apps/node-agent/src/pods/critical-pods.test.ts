import type { Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { podsToPreempt } from './critical-pods.ts';
import { podOf } from './testing.ts';

const critical = podOf('app', { priority: 2_000_000_000 }, 'critical');

function sized(name: string, cpu: string, isGuaranteed = false, memory = '10Mi', priority = 0): Pod {
  const requests = { cpu, memory };
  return podOf(
    'app',
    { containers: [{ name: 'main', resources: { requests, ...(isGuaranteed && { limits: requests }) } }], priority },
    name,
  );
}

const bestEffort = podOf('app', {}, 'none');
const names = (pods: Pod[] | undefined) => pods?.map(({ metadata }) => metadata.name);

test.each<[string, Pod[], { resource: string; amount: number }[], string[] | undefined]>([
  ['the one that is enough', [sized('a', '100m'), sized('b', '500m')], [{ resource: 'cpu', amount: 400 }], ['b']],
  ['of two that are, the smaller', [sized('a', '900m'), sized('b', '500m')], [{ resource: 'cpu', amount: 400 }], ['b']],
  ['as few as can be', [sized('a', '100m'), sized('b', '250m'), sized('c', '300m')], [{ resource: 'cpu', amount: 500 }], ['c', 'b']],
  ['guaranteed pods last', [sized('g', '1', true), sized('b', '500m')], [{ resource: 'cpu', amount: 400 }], ['b']],
  ['guaranteed pods where others cannot do', [sized('g', '1', true), sized('b', '500m')], [{ resource: 'cpu', amount: 800 }], ['g']],
  ['for a place, one that asks for nothing', [sized('b', '500m'), bestEffort], [{ resource: 'pods', amount: 1 }], ['none']],
  [
    'several resources',
    [sized('a', '500m', false, '1Mi'), sized('b', '1m', false, '1Gi')],
    [
      { resource: 'cpu', amount: 400 },
      { resource: 'memory', amount: 2 ** 29 },
    ],
    ['b', 'a'],
  ],
  ['nobody, when all would not do', [sized('a', '100m')], [{ resource: 'cpu', amount: 400 }], undefined],
  ['nobody as critical', [sized('a', '500m', false, '1Mi', 2_000_000_000)], [{ resource: 'cpu', amount: 400 }], undefined],
])('who goes for a critical pod: %s', (_, others, missing, expected) => {
  expect(names(podsToPreempt(critical, others, missing))).toEqual(expected);
});
