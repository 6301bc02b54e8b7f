// For how long pods stay on a node that is lost.
import { Pod, type Toleration } from '@berth/api';
import { expect, test } from 'vitest';
import type { AdmissionRequest } from './admission.ts';
import { DefaultTolerationSeconds } from './default-toleration-seconds.ts';

function added(...given: Toleration[]): string[] {
  const object: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [], tolerations: given } };
  new DefaultTolerationSeconds().mutate({ kind: Pod, operation: 'CREATE', object } as unknown as AdmissionRequest);
  return (object.spec.tolerations ?? [])
    .slice(given.length)
    .map(({ key, effect, tolerationSeconds }) => `${key} ${effect} ${tolerationSeconds}`);
}

const both = ['node.kubernetes.io/not-ready NoExecute 300', 'node.kubernetes.io/unreachable NoExecute 300'];

test('five minutes, for each taint of a lost node that the pod says nothing about', () => {
  expect(added()).toEqual(both);
  expect(added({ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 })).toEqual([both[1]]);
  expect(added({ key: 'node.kubernetes.io/unreachable', operator: 'Exists' })).toEqual([both[0]]);
  expect(added({ key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoSchedule' })).toEqual(both);
  expect(added({ key: 'other', operator: 'Exists' })).toEqual(both);
});

test('who tolerates everything stays for ever', () => {
  expect(added({ operator: 'Exists' })).toEqual([]);
  expect(added({ operator: 'Exists', effect: 'NoExecute' })).toEqual([]);
  expect(added({ operator: 'Exists', effect: 'NoSchedule' })).toEqual(both);
});
