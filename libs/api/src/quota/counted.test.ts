import { expect, test } from 'vitest';
import type { Pod } from '../generated/core-v1.types.ts';
import { countedSpec } from './counted.ts';

function resizing(asked: string, granted: string, actual: string, reason?: string): Pod {
  const requests = (cpu: string) => ({ requests: { cpu } });
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' } },
    spec: { containers: [{ name: 'main', image: 'x', resources: requests(asked) }] },
    status: {
      containerStatuses: [
        {
          ...{ name: 'main', ready: true, restartCount: 0, image: 'x', imageID: '' },
          ...{ allocatedResources: { cpu: granted }, resources: requests(actual) },
        },
      ],
      conditions: reason ? [{ type: 'PodResizePending', status: 'True', reason }] : [],
    },
  };
}

test.each([
  ['what is asked for', resizing('2', '1', '1'), '2'],
  ['what is granted', resizing('1', '1500m', '1'), '1500m'],
  ['what is in force', resizing('500m', '500m', '1'), '1'],
  ['what waits for room', resizing('4', '1', '1', 'Deferred'), '4'],
  ['not what can never be given', resizing('400', '1', '900m', 'Infeasible'), '1'],
])('counts %s', (_, pod, cpu) => {
  expect(countedSpec(pod).containers[0]?.resources?.requests).toEqual({ cpu });
});

test('a pod that is not being resized counts as it is', () => {
  const pod = resizing('1', '1', '1');
  expect(countedSpec(pod)).toBe(pod.spec);
});
