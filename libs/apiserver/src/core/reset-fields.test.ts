// What a kind's strategy puts back belongs to nobody but who made it, and changes without a version are for kinds that take them.
import { CertificateSigningRequest, CSIDriver, Lease } from '@berth/api';
import { sampleOf } from '@berth/api/testing';
import { managedFieldsOf } from '@berth/machinery';
import { expect, test } from 'vitest';
import { erased } from './kinds-by-name.ts';
import { callFor, startTestServer } from './test-server.ts';

test('who updates or applies a spec that stays owns nothing of it, and meets no conflict over it', async () => {
  const { server } = await startTestServer();
  const sample = sampleOf(erased(CertificateSigningRequest)) as CertificateSigningRequest;
  sample.metadata = { ...sample.metadata, labels: { made: 'here' } };
  const call = callFor(CertificateSigningRequest, undefined, sample.metadata.name);
  await server.create(callFor(CertificateSigningRequest), sample, { fieldManager: 'maker' });
  const spec = { ...sample.spec, usages: ['any'] };
  const updated = await server.update(
    call,
    { ...sample, metadata: { ...sample.metadata, labels: { ...sample.metadata.labels, a: 'b' } }, spec },
    { fieldManager: 'other' },
  );
  expect(updated.object).toMatchObject({ spec: { usages: sample.spec.usages } });
  expect(managedFieldsOf(updated.object)?.map(({ manager, fieldsV1 }) => [manager, fieldsV1])).toEqual([
    ['maker', { 'f:metadata': { 'f:labels': { '.': {}, 'f:made': {} } } }],
    ['other', { 'f:metadata': { 'f:labels': { 'f:a': {} } } }],
  ]);
  const applied = { ...sample, metadata: { name: sample.metadata.name, annotations: { c: 'd' } }, spec };
  const { object } = await server.patch(call, 'apply', applied, { fieldManager: 'third' });
  expect(managedFieldsOf(object)).toContainEqual(
    expect.objectContaining({ manager: 'third', operation: 'Apply', fieldsV1: { 'f:metadata': { 'f:annotations': { 'f:c': {} } } } }),
  );
  const decided = { status: { conditions: [{ type: 'Approved', status: 'True', reason: 'a' }] } };
  const approval = callFor(CertificateSigningRequest, undefined, sample.metadata.name, 'approval');
  const approved = await server.patch(approval, 'merge', decided, { fieldManager: 'judge' });
  expect(managedFieldsOf(approved.object)?.find(({ manager }) => manager === 'judge')?.fieldsV1).toHaveProperty('f:status');
  await server.stop();
});

test.each([erased(CSIDriver), erased(Lease)])('a change without a version is refused where the kind asks for one', async (kind) => {
  const { server } = await startTestServer();
  const sample = sampleOf(kind);
  const { namespace, name } = sample.metadata;
  const made = await server.create(callFor(kind, namespace), sample);
  const asked = `${kind.plural}.${kind.group} "${name}" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update`;
  const { resourceVersion: _version, ...metadata } = made.object.metadata;
  await expect(server.update(callFor(kind, namespace, name), { ...made.object, metadata })).rejects.toThrow(asked);
  await expect(server.patch(callFor(kind, namespace, name), 'merge', { metadata: { resourceVersion: null } })).rejects.toThrow(asked);
  await server.update(callFor(kind, namespace, name), { ...made.object, metadata: { ...made.object.metadata, labels: { a: 'b' } } });
  await server.stop();
});
