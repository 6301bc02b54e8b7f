// LimitRange: defaults and bounds for the resources of containers, pods and claims in a namespace.
import { defineKind } from '@berth/machinery';
import { createdAtColumn, nameColumn } from '../columns/column.ts';
import { defaultLimitRange } from '../defaults/limit-range.ts';
import type { LimitRange as Type } from '../generated/core-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateLimitRangeSpec } from '../validation/limit-range.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';

export type LimitRange = Type;

export const LimitRange = defineKind<LimitRange>({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  scope: 'Namespaced',
  shortNames: ['limits'],
  schema: schemas.message('core.v1.LimitRange'),
  description: 'Defaults and bounds for the resources that single pods, containers and claims of a namespace ask for.',

  strategy: { allowCreateOnUpdate: true },
  defaults: defaultLimitRange,
  validate: (object) => [...validateMetadata(object, { scope: 'Namespaced', name: dnsSubdomain }), ...validateLimitRangeSpec(object)],
  validateUpdate: validateMetadataUpdate,
  columns: [nameColumn(), createdAtColumn()],
});
