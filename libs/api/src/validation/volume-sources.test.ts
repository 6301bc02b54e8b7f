// Sources of volumes that pods and persistent volumes share, where pods are told otherwise.
import { fieldMessage } from '@berth/machinery';
import { expect, test } from 'vitest';
import { ReplicationController } from '../kinds/replication-controller.ts';
import { messages } from './messages.ts';
import { sharedSource } from './volume-sources.ts';
import { volumes } from './volumes.ts';

const told = (kind: 'iscsi' | 'glusterfs', source: object, name = 'data') =>
  sharedSource(kind, { name, [kind]: source } as never, 'spec.volumes[0]').map((error) => `${error.field}: ${fieldMessage(error)}`);

test('names of iSCSI targets say how they begin', () => {
  const source = { targetPortal: 'p', iqn: 'a.b', lun: 0, initiatorName: 'iqn.x' };
  expect(told('iscsi', source)).toEqual([
    'spec.volumes[0].iscsi.iqn: Invalid value: "a.b": must be valid format starting with iqn, eui, or naa',
    'spec.volumes[0].iscsi.initiatorname: Invalid value: "iqn.x": must be valid format',
  ]);
  expect(told('iscsi', { targetPortal: 'p', iqn: 'eui.0123456789abcdef', chapAuthSession: true, secretRef: {} })).toEqual([]);
});

test('the name of a volume is too long for its initiator', () => {
  const iqn = 'eui.0123456789abcdef';
  const source = { targetPortal: 'p'.repeat(60), iqn, lun: 0, initiatorName: iqn };
  expect(messages(volumes([{ name: 'abcde', iscsi: source }], 'spec.volumes').errors)).toEqual([
    'spec.volumes[0].name: Invalid value: "abcde": Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
  ]);
});

test('the name of a volume is too long for its initiator, though another source is what it is', () => {
  const iscsi = { targetPortal: 'p'.repeat(60), iqn: 'x', lun: 0, initiatorName: 'y' };
  expect(messages(volumes([{ name: 'abcde', emptyDir: {}, iscsi }], 'spec.volumes').errors)).toEqual([
    'spec.volumes[0].name: Invalid value: "abcde": Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
    'spec.volumes[0].iscsi: Forbidden: may not specify more than 1 volume type',
  ]);
});

test('a Gluster volume has endpoints and a path', () => {
  expect(told('glusterfs', { endpoints: 'a' })).toEqual(['spec.volumes[0].glusterfs.path: Required value']);
});

test('the length of a ReplicationController’s name is counted in bytes', () => {
  const controller = { metadata: { name: 'x'.repeat(254), namespace: 'a' }, spec: {} } as never;
  expect(ReplicationController.validate(controller).map(({ detail }) => detail)).toContain('must be no more than 253 bytes');
});
