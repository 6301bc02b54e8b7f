// HorizontalPodAutoscaler: sets the number of replicas by what pods use.
import { defineKind } from '@berth/machinery';
import { autoscalerColumns } from '../columns/autoscaling.ts';
import { defaultAutoscaler } from '../defaults/autoscaling.ts';
import type { HorizontalPodAutoscaler as Type } from '../generated/autoscaling-v2.types.ts';
import { schemas } from '../schemas.ts';
import { validateAutoscaler, validateAutoscalerStatus } from '../validation/autoscaling.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { autoscalerWarnings } from '../warnings/autoscaling.ts';

export type HorizontalPodAutoscaler = Type;

export const HorizontalPodAutoscaler = defineKind<HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  scope: 'Namespaced',
  shortNames: ['hpa'],
  categories: ['all'],
  schema: schemas.message('autoscaling.v2.HorizontalPodAutoscaler'),
  description: 'Changes the number of pods of a workload, following what they use.',
  subresources: {
    status: true,
  },

  strategy: { hasGeneration: false },
  defaults: defaultAutoscaler,
  validate: (autoscaler, old) => [
    ...validateMetadata(autoscaler, { scope: 'Namespaced', name: dnsSubdomain }),
    ...validateAutoscaler(autoscaler, old),
  ],
  validateUpdate: validateMetadataUpdate,
  validateStatusUpdate: validateAutoscalerStatus,
  columns: autoscalerColumns,
  warnings: ({ spec }) => autoscalerWarnings(spec.metrics),
});
