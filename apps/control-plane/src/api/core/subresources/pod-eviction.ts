// pods/eviction: a delete that asks politely. A POST whose answer is a Status, not the pod.
import { StatusError } from '@berth/machinery';
import type { Deletion } from '../deletion.ts';
import type { Answer, Call, DeleteSettings, WriteSettings } from '../types.ts';
import { ofKind, ofObject, type SubresourceDefinition } from './subresource.ts';
import { successAnswer } from './success.ts';

export const podEviction: SubresourceDefinition = {
  name: 'eviction',
  of: ofKind('', 'Pod'),
  handler: ({ deletion }) => ({ create: (call, body, settings) => evictPod(deletion, ofObject(call), body, settings) }),
};

/** policy/v1 Eviction: a delete that asks politely. Disruption budgets do not exist yet, so nothing refuses it. */
async function evictPod(deletion: Deletion, target: Call, body: unknown, settings: WriteSettings): Promise<Answer> {
  if (body === null || typeof body !== 'object') throw StatusError.badRequest('the body must be one Eviction object');
  const { deleteOptions, metadata } = body as { deleteOptions?: DeleteSettings & { dryRun?: unknown }; metadata?: { name?: string } };
  if (metadata?.name && metadata.name !== target.name) {
    throw StatusError.badRequest(`name in URL does not match name in Eviction object: ${metadata.name} != ${target.name}`);
  }
  const { gracePeriodSeconds, propagationPolicy, orphanDependents, preconditions, dryRun } = deleteOptions ?? {};
  const isDryRun = settings.dryRun || (Array.isArray(dryRun) && dryRun.includes('All'));
  await deletion.delete(target, { gracePeriodSeconds, propagationPolicy, orphanDependents, preconditions, dryRun: isDryRun });
  return successAnswer(201);
}
