// Namespace: a boundary of names; deleting one deletes what is in it.
import { defineKind } from '@berth/machinery';
import type { Namespace as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';

export type Namespace = Type;

export const Namespace = defineKind<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  scope: 'Cluster',
  shortNames: ['ns'],
  schema: schemas.message('core.v1.Namespace'),
  subresources: { status: true, other: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }] },
});
