// PriorityLevelConfiguration: how much of the server’s attention a kind of requests gets.
import { defineKind, statusMetadata } from '@berth/machinery';
import { priorityLevelColumns } from '../columns/flow-control.ts';
import { defaultPriorityLevel } from '../defaults/flow-control.ts';
import type { PriorityLevelConfiguration as Type } from '../generated/flowcontrol-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateFlowConditions } from '../validation/flow-control.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { validatePriorityLevelSpec } from '../validation/priority-level.ts';

export type PriorityLevelConfiguration = Type;

export const PriorityLevelConfiguration = defineKind<PriorityLevelConfiguration>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  plural: 'prioritylevelconfigurations',
  scope: 'Cluster',
  schema: schemas.message('flowcontrol.v1.PriorityLevelConfiguration'),
  description: 'How many requests of one urgency are served at a time, and how others wait.',
  subresources: {
    status: true,
  },

  strategy: { statusKeeps: statusMetadata },
  defaults: defaultPriorityLevel,
  validate: (object) => [
    ...validateMetadata(object, { scope: 'Cluster', name: dnsSubdomain }),
    ...validatePriorityLevelSpec(object),
    ...validateFlowConditions(object),
  ],
  validateUpdate: validateMetadataUpdate,
  validateStatusUpdate: validateFlowConditions,
  columns: priorityLevelColumns,
});
