// pods/binding: gives a pod its node, once. A POST whose answer is a Status, not the pod.
import { Node, type Pod, type PodCondition } from '@berth/api';
import { deepClone, type KubeObject, StatusError } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import { erased } from '../kinds-by-name.ts';
import type { Answer, Call, Target, WriteSettings } from '../types.ts';
import { admitted, ofKind, ofObject, type SubresourceDefinition, type SubresourcePorts } from './subresource.ts';
import { successAnswer } from './success.ts';

const bindingKind = { group: '', version: 'v1', kind: 'Binding' };

export const podBinding: SubresourceDefinition = {
  name: 'binding',
  of: ofKind('', 'Pod'),
  resource: (ports) => ({
    create: admitted(ports, bindingKind, (call, body, settings) => bindPod(ports, ofObject(call), body, settings)),
  }),
};

interface BindingBody {
  metadata?: { name?: string; uid?: string; resourceVersion?: string; annotations?: Record<string, string> };
  target?: { kind?: string; name?: string };
}

export type BindingPorts = Pick<SubresourcePorts, 'writes' | 'committer' | 'clock'>;

/** Gives a pod its node, once. @throws StatusError Conflict when it has one or is being deleted, NotFound for an unknown node. */
export async function bindPod(ports: BindingPorts, target: Call, body: unknown, settings: WriteSettings): Promise<Answer> {
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
  if (binding.metadata?.name !== podName) throw StatusError.badRequest('name in URL does not match name in Binding object');
  const invalid = (field: string, detail: string) =>
    StatusError.invalid(bindingKind, podName, [{ type: 'Invalid', field, value: binding.target ?? {}, detail }]);
  if (binding.target?.kind && binding.target.kind !== 'Node') throw invalid('target.kind', 'must be empty or Node');
  if (typeof binding.target?.name !== 'string' || binding.target.name === '') throw invalid('target.name', 'a node name is required');
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
  const { nominatedNodeName: _, ...status } = pod.status ?? {};
  pod.status = { ...status, conditions: [...others, scheduled] };
  return pod;
}
