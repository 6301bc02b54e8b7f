import { expect, test } from 'vitest';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { types } from '../resource-types.ts';
import { subjectOf } from './subject.ts';
import { addTaint, removeTaints } from './taints.ts';

const taints = [
  { key: 'gpu', value: 'yes', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' },
];
const node = (spec: object) => subjectOf(types.Node, { metadata: { name: 'n1' }, spec } as KubernetesObject);
const now = new Date(0);

test('a taint replaces the one of its key and effect, and only what was shown', () => {
  const { request, kubectl } = addTaint(node({ taints })).plan('gpu=no:NoSchedule', now);
  expect(kubectl).toBe('kubectl taint nodes n1 gpu=no:NoSchedule');
  expect(request.body).toEqual([
    { op: 'test', path: '/spec/taints', value: taints },
    { op: 'add', path: '/spec/taints', value: [...taints.slice(1), { key: 'gpu', value: 'no', effect: 'NoSchedule' }] },
  ]);
  expect(addTaint(node({})).plan('example.com/a:NoExecute', now).request.body).toEqual([
    { op: 'add', path: '/spec/taints', value: [{ key: 'example.com/a', effect: 'NoExecute' }] },
  ]);
});

test('what is no taint is said before it is sent', () => {
  const wrong = (value: string) => addTaint(node({})).field?.wrong(value);
  expect(['a:NoSchedule', 'a=b:NoExecute', 'x.y/z=:PreferNoSchedule'].map(wrong)).toEqual([undefined, undefined, undefined]);
  for (const value of ['', 'a', 'a:Never', '=b:NoSchedule', 'a b:NoSchedule', '-a:NoSchedule']) expect(wrong(value)).toBeDefined();
});

test('taints that the control plane sets again are not offered to be removed', () => {
  const actions = removeTaints(node({ taints }));
  expect(actions.map(({ label }) => label)).toEqual(['Remove taint gpu', 'Remove taint node.kubernetes.io/out-of-service']);
  expect(actions[0]?.plan('', now)).toMatchObject({
    kubectl: 'kubectl taint nodes n1 gpu:NoSchedule-',
    request: {
      body: [
        { op: 'test', value: taints },
        { op: 'add', value: taints.slice(1) },
      ],
    },
  });
});
