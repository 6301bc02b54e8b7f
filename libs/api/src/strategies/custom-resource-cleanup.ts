// A definition that is deleted stays until its objects are gone, and says so: what its conditions say, and since when.
import type { CustomResourceDefinition } from '../generated/apiextensions-v1.types.ts';

/** Has the objects of a definition removed before it goes. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

export type DefinitionStatus = NonNullable<CustomResourceDefinition['status']>;
export type DefinitionCondition = NonNullable<DefinitionStatus['conditions']>[number];

/** @param now RFC 3339 */
export function beginCleanup(definition: CustomResourceDefinition, now: string): void {
  const { metadata } = definition;
  const { finalizers = [] } = metadata;
  if (!finalizers.includes(cleanupFinalizer)) metadata.finalizers = [...finalizers, cleanupFinalizer];
  const message = 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon';
  const terminating = { type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending', message };
  definition.status = { ...definition.status, conditions: withConditions(definition, [terminating], now) };
}

/** What is said already keeps its place, and its time unless its status changes. @param now RFC 3339 */
export function withConditions({ status }: CustomResourceDefinition, given: DefinitionCondition[], now: string): DefinitionCondition[] {
  const conditions = [...(status?.conditions ?? [])];
  for (const condition of given) {
    const at = conditions.findIndex(({ type }) => type === condition.type);
    const former = conditions[at];
    const isSame = former?.status === condition.status;
    const lastTransitionTime = isSame && former?.lastTransitionTime ? former.lastTransitionTime : now;
    conditions.splice(at < 0 ? conditions.length : at, at < 0 ? 0 : 1, { ...condition, lastTransitionTime });
  }
  return conditions;
}
