// FlowSchema: says which requests share a priority level.
import { defineKind, statusMetadata } from '@berth/machinery';
import { flowSchemaColumns } from '../columns/flow-control.ts';
import { defaultFlowSchema } from '../defaults/flow-control.ts';
import type { FlowSchema as Type } from '../generated/flowcontrol-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateFlowConditions, validateFlowSchemaSpec } from '../validation/flow-control.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';

export type FlowSchema = Type;

export const FlowSchema = defineKind<FlowSchema>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  plural: 'flowschemas',
  scope: 'Cluster',
  schema: schemas.message('flowcontrol.v1.FlowSchema'),
  description: 'Says which requests belong together and how urgent they are.',
  subresources: {
    status: true,
  },

  strategy: { statusKeeps: statusMetadata },
  defaults: defaultFlowSchema,
  validate: (object) => [
    ...validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain }),
    ...validateFlowSchemaSpec(object),
    ...validateFlowConditions(object),
  ],
  validateUpdate: validateMetadataUpdate,
  validateStatusUpdate: validateFlowConditions,
  columns: flowSchemaColumns,
});
