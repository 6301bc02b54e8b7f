// Node: a machine that runs pods.
import { defineKind } from '@berth/machinery';
import type { Node as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';

export type Node = Type;

export const Node = defineKind<Node>({
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  scope: 'Cluster',
  shortNames: ['no'],
  schema: schemas.message('core.v1.Node'),
  subresources: { status: true },
});
