// ComponentStatus: how the parts of the control plane are. Computed on read.
import { defineKind } from '@berth/machinery';
import { componentStatusColumns } from '../columns/component-status.ts';
import type { ComponentStatus as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';

export type ComponentStatus = Type;

export const ComponentStatus = defineKind<ComponentStatus>({
  group: '',
  version: 'v1',
  kind: 'ComponentStatus',
  plural: 'componentstatuses',
  scope: 'Cluster',
  shortNames: ['cs'],
  schema: schemas.message('core.v1.ComponentStatus'),
  verbs: ['get', 'list'],
  columns: componentStatusColumns,
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
});
