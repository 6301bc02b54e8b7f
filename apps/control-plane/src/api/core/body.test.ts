import { ConfigMap } from '@berth/api';
import { expect, test } from 'vitest';
import { readBody } from './body.ts';
import { erased } from './kinds-by-name.ts';

const owner = (name: string, uid: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', name, uid });
const read = (...ownerReferences: object[]) =>
  readBody(erased(ConfigMap), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', ownerReferences } }, {});

test('an owner that is named twice is kept once, with a warning; owners that differ in anything are kept', () => {
  const { object, warnings } = read(owner('x', '1'), owner('y', '2'), owner('x', '1'), owner('x', '1'));
  expect(object.metadata.ownerReferences).toEqual([owner('x', '1'), owner('y', '2')]);
  expect(warnings).toEqual([
    '.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: 1, 1',
  ]);
  const other = read(owner('x', '1'), { ...owner('x', '1'), controller: true });
  expect([other.object.metadata.ownerReferences?.length, other.warnings]).toEqual([2, []]);
});
