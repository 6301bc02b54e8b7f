// pods/eviction: a delete that asks politely, and waits while a disruption budget has nothing left. A POST whose answer is a
// Status, not the pod.
import type { Pod } from '@berth/api';
import { deepClone, isReason, StatusError } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import { checkPreconditions } from '../deletion.ts';
import type { Answer, Call, DeleteSettings, WriteSettings } from '../types.ts';
import { beingProcessed, spendBudget } from './disruption-budget.ts';
import { admitted, ofKind, ofObject, type SubresourceDefinition, type SubresourcePorts } from './subresource.ts';
import { successAnswer } from './success.ts';

const evictionKind = { group: 'policy', version: 'v1', kind: 'Eviction' };

export const podEviction: SubresourceDefinition = {
  name: 'eviction',
  of: ofKind('', 'Pod'),
  resource: (ports) => ({
    create: admitted(ports, evictionKind, (call, body, settings) => evictPod(ports, ofObject(call), body, settings)),
  }),
};

const disrupted = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' };

async function evictPod(ports: SubresourcePorts, target: Call, body: unknown, settings: WriteSettings): Promise<Answer> {
  if (body === null || typeof body !== 'object') throw StatusError.badRequest('the body must be one Eviction object');
  const { deleteOptions, metadata } = body as { deleteOptions?: DeleteSettings & { dryRun?: unknown }; metadata?: { name?: string } };
  if (metadata?.name !== target.name) throw StatusError.badRequest('name in URL does not match name in Eviction object');
  const { gracePeriodSeconds, propagationPolicy, orphanDependents, preconditions, dryRun } = deleteOptions ?? {};
  const isDryRun = settings.dryRun || (Array.isArray(dryRun) && dryRun.includes('All'));
  const { object } = await ports.read(target);
  const { preconditions: guard, budget } = await spendBudget(ports, target, object as Pod, isDryRun ?? false);
  const options = {
    gracePeriodSeconds,
    propagationPolicy,
    orphanDependents,
    preconditions: { ...guard, ...preconditions },
    dryRun: isDryRun,
  };
  try {
    await ports.deletion.delete(target, isDryRun ? options : await marked(ports, target, options));
  } catch (error) {
    // The pod is not what it was when it could go for nothing.
    if (budget && !preconditions?.resourceVersion && isReason(error, 'Conflict')) throw beingProcessed(budget);
    throw error;
  }
  return successAnswer(201);
}

/** Notes on the pod why it goes, which policies over failed pods go by. @returns how to delete what that made of it */
async function marked({ writes, clock }: SubresourcePorts, target: Call, options: DeleteSettings): Promise<DeleteSettings> {
  const { preconditions } = options;
  const written = await writes.change({ ...target, subresource: 'status' }, 'status', {}, (old) => {
    checkPreconditions(target.kind, old, options);
    return { object: withCondition(deepClone(old) as Pod, timestamp(clock)), warnings: [] };
  });
  if (!preconditions?.resourceVersion) return options;
  return { ...options, preconditions: { ...preconditions, resourceVersion: written.object.metadata.resourceVersion ?? '' } };
}

function withCondition(pod: Pod, now: string): Pod {
  const { conditions = [] } = pod.status ?? {};
  const old = conditions.find(({ type }) => type === disrupted.type);
  const lastTransitionTime = old?.status === disrupted.status ? (old.lastTransitionTime ?? now) : now;
  const others = conditions.filter((condition) => condition !== old);
  return { ...pod, status: { ...pod.status, conditions: [...others, { ...disrupted, lastTransitionTime }] } };
}
