// Causes as kube-apiserver 1.35 worded them when it was asked the same (npm run differential).
import { fieldMessage } from '@berth/machinery';
import { describe, expect, test } from 'vitest';
import type { PersistentVolumeSpec } from '../generated/core-v1.types.ts';
import { ClusterRole, RoleBinding, ServiceCIDR, VolumeAttachment } from '../index.ts';
import { clusterSamples } from '../samples/cluster.ts';
import type { FieldError } from './errors.ts';
import { validateMetadataParts } from './metadata.ts';

const texts = (errors: FieldError[]) => errors.map((error) => `${error.field}: ${fieldMessage(error)}`);

describe('what is shown of structs', () => {
  test('fields as Go calls them, with those that were not set', () => {
    const binding = clusterSamples.RoleBinding();
    const next = { ...binding, roleRef: { kind: 'Role', name: 'other', apiGroup: '' } };
    expect(texts(RoleBinding.validateUpdate(next, binding))).toEqual([
      'roleRef: Invalid value: {"APIGroup":"","Kind":"Role","Name":"other"}: cannot change roleRef',
    ]);
  });

  test('a selector that none can be made of, as null', () => {
    const role = { ...clusterSamples.ClusterRole(), aggregationRule: { clusterRoleSelectors: [{ matchLabels: { '': 'a' } }] } };
    expect(texts(ClusterRole.validate(role))).toContain(
      'aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.',
    );
  });
});

test('ranges of services say which of them changed', () => {
  const range = clusterSamples.ServiceCIDR();
  const changed = (cidrs: string[]) => texts(ServiceCIDR.validateUpdate({ ...range, spec: { cidrs } }, range));
  expect(changed(['10.8.0.0/16'])).toEqual(['spec.cidrs[0]: Invalid value: "10.8.0.0/16": field is immutable']);
  expect(changed(['10.9.0.0/16', 'fd00::/64'])).toEqual([]);
  expect(changed(['10.9.0.0/16', '10.7.0.0/16'])).toEqual([
    expect.stringContaining('spec.cidrs: Invalid value: ["10.9.0.0/16","10.7.0.0/16"]: may specify no more than one IP'),
  ]);
});

test('a volume within an attachment is nobody’s, and a CSI volume', () => {
  const inlineVolumeSpec: PersistentVolumeSpec = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } };
  const attachment = { ...clusterSamples.VolumeAttachment(), spec: { attacher: 'a.b', nodeName: 'n', source: { inlineVolumeSpec } } };
  expect(texts(VolumeAttachment.validate(attachment))).toEqual([
    'spec.source.inlineVolumeSpec.capacity: Forbidden: may not be specified in the context of inline volumes',
    'spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes',
  ]);
});

test('owners and finalizers', () => {
  const owner = { kind: 'Pod', name: 'a', uid: 'u' };
  const metadata = {
    name: 'a',
    finalizers: ['plain'],
    ownerReferences: [
      { ...owner, apiVersion: 'a/b/c', controller: true },
      { ...owner, apiVersion: 'v1', name: 'b', controller: true },
    ],
  };
  expect(texts(validateMetadataParts({ metadata }))).toEqual([
    'metadata.ownerReferences.apiVersion: Invalid value: "a/b/c": version must not be empty',
    expect.stringContaining('Found "true" in references for Pod/a and Pod/b'),
    'metadata.finalizers[0]: Invalid value: "plain": name is neither a standard finalizer name nor is it fully qualified',
  ]);
});
