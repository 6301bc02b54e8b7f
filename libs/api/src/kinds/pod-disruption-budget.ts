// PodDisruptionBudget: how many of some pods may be evicted at a time.
import { defineKind } from '@berth/machinery';
import { disruptionBudgetColumns } from '../columns/disruption-budget.ts';
import type { PodDisruptionBudget as Type } from '../generated/policy-v1.types.ts';
import { schemas } from '../schemas.ts';
import { validateDisruptionBudget, validateDisruptionBudgetStatus } from '../validation/disruption-budget.ts';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts';
import { pathSegment } from '../validation/names.ts';

export type PodDisruptionBudget = Type;

export const PodDisruptionBudget = defineKind<PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  scope: 'Namespaced',
  shortNames: ['pdb'],
  schema: schemas.message('policy.v1.PodDisruptionBudget'),
  description: 'Bounds how many pods of a set may be evicted at the same time.',
  subresources: {
    status: true,
  },

  strategy: { requiresVersion: true, statusTakesPlainFinalizers: true },
  defaults: (budget) => {
    budget.spec ??= {};
  },
  // Of a new one Kubernetes looks at the metadata, as of anything, once the rest is in order.
  validate: (budget, old) => {
    const errors = validateDisruptionBudget(budget);
    const metadata = () => validateMetadata(budget, { scope: 'Namespaced', name: pathSegment, plainFinalizers: true });
    return errors.length > 0 && !old ? errors : [...errors, ...metadata()];
  },
  validateUpdate: validateMetadataUpdate,
  validateStatusUpdate: validateDisruptionBudgetStatus,
  columns: disruptionBudgetColumns,
});
