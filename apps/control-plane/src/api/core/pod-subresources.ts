// Binding a pod to a node, and evicting it. Both are POSTs whose answer is a Status, not the pod.
import { Node, type Pod, type PodCondition } from '@berth/api';
import { deepClone, type KubeObject, StatusError } from '@berth/machinery';
import { type Clock, timestamp } from '@berth/telemetry';
import type { Committer } from './commit.ts';
import type { Deletion } from './deletion.ts';
import { erased } from './kinds-by-name.ts';
import { toBytes } from './object-codec.ts';
import type { Answer, DeleteSettings, Target, WriteSettings } from './types.ts';
import type { Writes } from './writes.ts';

export function successAnswer(code: number, warnings: string[] = []): Answer {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code };
  return { code, warnings, object: status as unknown as KubeObject, bytes: toBytes(status) };
}

interface BindingBody {
  metadata?: { name?: string; uid?: string; resourceVersion?: string; annotations?: Record<string, string> };
  target?: { kind?: string; name?: string };
}

export interface BindingPorts {
  writes: Writes;
  committer: Committer;
  clock: Clock;
}

/** Gives a pod its node, once. @throws StatusError Conflict when it has one or is being deleted, NotFound for an unknown node. */
export async function bindPod(ports: BindingPorts, target: Target, body: unknown, settings: WriteSettings): Promise<Answer> {
  const binding = readBinding(body, target.name ?? '');
  const nodeName = binding.target?.name ?? '';
  if (!(await ports.committer.recent(erased(Node), undefined, nodeName))) throw StatusError.notFound(Node, nodeName);
  const answer = await ports.writes.change(target, 'internal', settings, (old) => {
    const object = bound(target, old as Pod, nodeName, timestamp(ports.clock));
    const { uid, resourceVersion, annotations } = binding.metadata ?? {};
    if (uid) object.metadata.uid = uid;
    if (resourceVersion) object.metadata.resourceVersion = resourceVersion;
    if (annotations) object.metadata.annotations = { ...object.metadata.annotations, ...annotations };
    return { object: object as KubeObject, warnings: [] };
  });
  return successAnswer(201, answer.warnings);
}

function readBinding(body: unknown, podName: string): BindingBody {
  if (body === null || typeof body !== 'object') throw StatusError.badRequest('the body must be one Binding object');
  const binding = body as BindingBody;
  const invalid = (field: string, detail: string) =>
    StatusError.invalid({ group: '', kind: 'Binding' }, podName, [{ type: 'Invalid', field, value: binding.target ?? {}, detail }]);
  if (binding.target?.kind && binding.target.kind !== 'Node') throw invalid('target.kind', 'must be empty or Node');
  if (typeof binding.target?.name !== 'string' || binding.target.name === '') throw invalid('target.name', 'a node name is required');
  if (binding.metadata?.name && binding.metadata.name !== podName) {
    throw StatusError.badRequest(`the name of the object (${binding.metadata.name}) does not match the name on the URL (${podName})`);
  }
  return binding;
}

function bound(target: Target, old: Pod, nodeName: string, now: string): Pod {
  const name = target.name ?? '';
  const conflict = (detail: string) => StatusError.conflict({ group: '', plural: 'pods/binding' }, name, detail);
  if (old.metadata.deletionTimestamp) throw conflict(`pod ${name} is being deleted, cannot be assigned to a host`);
  if (old.spec.nodeName) throw conflict(`pod ${name} is already assigned to node ${JSON.stringify(old.spec.nodeName)}`);
  if (old.spec.schedulingGates?.length) throw conflict(`pod ${name} has non-empty .spec.schedulingGates`);
  const pod = deepClone(old);
  pod.spec.nodeName = nodeName;
  const scheduled: PodCondition = { type: 'PodScheduled', status: 'True', lastTransitionTime: now };
  const others = (pod.status?.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled');
  pod.status = { ...pod.status, conditions: [...others, scheduled] };
  return pod;
}

/** policy/v1 Eviction: a delete that asks politely. Disruption budgets do not exist yet, so nothing refuses it. */
export async function evictPod(deletion: Deletion, target: Target, body: unknown, settings: WriteSettings): Promise<Answer> {
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
