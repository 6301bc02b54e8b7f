// Whose a revision is, as Kubernetes prints it: with the owner's group where it has one.
import { expect, test } from 'vitest';
import { ControllerRevision } from '../index.ts';

test.each([
  ['apps/v1', 'DaemonSet', 'daemonset.apps/web'],
  ['v1', 'Pod', 'pod/web'],
  [undefined, undefined, '<none>'],
])('of %s %s: %s', (apiVersion, kind, shown) => {
  const ownerReferences = kind === undefined ? [] : [{ apiVersion: apiVersion ?? '', kind, name: 'web', uid: 'u', controller: true }];
  const column = ControllerRevision.columns.find(({ name }) => name === 'Controller');
  const revision = { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata: { name: 'web-1', ownerReferences }, revision: 1 };
  expect(column?.value(revision as never, 0)).toBe(shown);
});
