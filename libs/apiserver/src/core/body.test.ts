import { ConfigMap, DaemonSet } from '@berth/api';
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

const problemOf = (body: object) => {
  try {
    readBody(erased(ConfigMap), body, {});
  } catch (error) {
    return String((error as Error).message);
  }
  return 'none';
};

test.each([
  [{ kind: 'Bogus' }, 'Bogus in version "v1" cannot be handled as a ConfigMap: no kind "Bogus" is registered for version "v1" in scheme'],
  [
    { apiVersion: 'example.com/v1', kind: 'ConfigMap' },
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "example.com/v1" in scheme',
  ],
  [
    { apiVersion: 'v1', kind: 'Secret' },
    'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
  ],
  [{ apiVersion: 'apps/v1', kind: 'Deployment' }, 'converting (v1.Deployment) to (core.ConfigMap): unknown conversion'],
  [
    { metadata: { name: 'a' }, binaryData: { a: 'YQ' } },
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: illegal base64 data at input byte 0',
  ],
])('%j is refused as Go refuses it', (body, message) => {
  expect(problemOf(body)).toContain(message);
});

test('managed fields of which one cannot be read count as not sent', () => {
  const metadata = { name: 'a', managedFields: [{ manager: 'a', operation: 'Update', apiVersion: 'v1', fieldsV1: 'x' }] };
  expect(readBody(erased(ConfigMap), { metadata }, {}).object.metadata).toEqual({ name: 'a' });
});

test.each([
  ['A_b', 'strconv.ParseInt: parsing "A_b": invalid syntax'],
  ['', 'strconv.ParseInt: parsing "": invalid syntax'],
  ['1.5', 'strconv.ParseInt: parsing "1.5": invalid syntax'],
  ['9223372036854775808', 'strconv.ParseInt: parsing "9223372036854775808": value out of range'],
  ['-9223372036854775808', undefined],
  ['+7', undefined],
])('the annotation that was a field of a DaemonSet must be a number still: %j', (text, detail) => {
  const metadata = { name: 'a', annotations: { 'deprecated.daemonset.template.generation': text } };
  const reading = () => readBody(erased(DaemonSet), { metadata }, {});
  if (detail) expect(reading).toThrow(`DaemonSet in version "v1" cannot be handled as a DaemonSet: ${detail}`);
  else expect(reading).not.toThrow();
});
