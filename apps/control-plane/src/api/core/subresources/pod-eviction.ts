// pods/eviction: a delete that asks politely, and waits while a disruption budget has nothing left. A POST whose answer is a
// Status, not the pod.
import type { Pod } from '@berth/api';
import { StatusError } from '@berth/machinery';
import type { Answer, Call, DeleteSettings, WriteSettings } from '../types.ts';
import { spendBudget } from './disruption-budget.ts';
import { ofKind, ofObject, type SubresourceDefinition, type SubresourcePorts } from './subresource.ts';
import { successAnswer } from './success.ts';

export const podEviction: SubresourceDefinition = {
  name: 'eviction',
  of: ofKind('', 'Pod'),
  handler: (ports) => ({ create: (call, body, settings) => evictPod(ports, ofObject(call), body, settings) }),
};

async function evictPod(ports: SubresourcePorts, target: Call, body: unknown, settings: WriteSettings): Promise<Answer> {
  if (body === null || typeof body !== 'object') throw StatusError.badRequest('the body must be one Eviction object');
  const { deleteOptions, metadata } = body as { deleteOptions?: DeleteSettings & { dryRun?: unknown }; metadata?: { name?: string } };
  if (metadata?.name && metadata.name !== target.name) {
    throw StatusError.badRequest(`name in URL does not match name in Eviction object: ${metadata.name} != ${target.name}`);
  }
  const { gracePeriodSeconds, propagationPolicy, orphanDependents, preconditions, dryRun } = deleteOptions ?? {};
  const isDryRun = settings.dryRun || (Array.isArray(dryRun) && dryRun.includes('All'));
  const { object } = await ports.read(target);
  const guard = await spendBudget(ports, target, object as Pod, isDryRun ?? false);
  await ports.deletion.delete(target, {
    gracePeriodSeconds,
    propagationPolicy,
    orphanDependents,
    preconditions: { ...guard, ...preconditions },
    dryRun: isDryRun,
  });
  return successAnswer(201);
}
