import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet } from '@berth/api';
import { expect, test } from 'vitest';
import { controllerRevisions, deploymentRevisions } from './revisions.ts';

const owner = { metadata: { namespace: 'd', name: 'web', uid: 'u1' } };
const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'X', name: 'web', uid: 'u1', controller: true }];

test('a Deployment’s revisions are its own replica sets, newest first, without the hash', () => {
  const set = (name: string, number: string, uid = 'u1') =>
    ({
      metadata: {
        name,
        annotations: { 'deployment.kubernetes.io/revision': number, 'kubernetes.io/change-cause': `because ${number}` },
        ownerReferences: ownerReferences.map((reference) => ({ ...reference, uid })),
      },
      spec: { template: { metadata: { labels: { app: 'web', 'pod-template-hash': 'x' } }, spec: { containers: [] } } },
    }) as unknown as ReplicaSet;
  const found = deploymentRevisions(owner as Deployment, [set('a', '2'), set('b', '10'), set('c', '11', 'other')]);
  expect(found.map(({ name, number, isCurrent, cause }) => [name, number, isCurrent, cause])).toEqual([
    ['b', 10, true, 'because 10'],
    ['a', 2, false, 'because 2'],
  ]);
  expect(found[0]?.template.metadata?.labels).toEqual({ app: 'web' });
});

test('those of a DaemonSet are in its ControllerRevisions, as patches', () => {
  const revision = (number: number) =>
    ({
      metadata: { name: `web-${number}`, ownerReferences },
      revision: number,
      data: { spec: { template: { $patch: 'replace', spec: { containers: [{ name: 'a', image: `${number}` }] } } } },
    }) as unknown as ControllerRevision;
  const found = controllerRevisions(owner as DaemonSet, [revision(1), revision(2)]);
  expect(found.map(({ number, isCurrent }) => [number, isCurrent])).toEqual([
    [2, true],
    [1, false],
  ]);
  expect(found[1]?.template).toEqual({ spec: { containers: [{ name: 'a', image: '1' }] } });
});
